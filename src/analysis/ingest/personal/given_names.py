"""Common given names, by which a column of people's names is told from one of labels.

Left out is what is also a word, a month, a colour or a place in ordinary tables (Mark, Grace,
April, Amber, Paris): a column of such names alone is found by its header or its shape.
"""

from __future__ import annotations

from analysis.ingest.personal.column import vocabulary

GIVEN_NAMES = vocabulary(
    """
    aaron abdul abigail abraham ada adam adrian agnes agnieszka ahmed aisha alan alba albert
    alejandro aleksandra alessandro alex alexander alexandra alexandre alexis alfred ali alice
    alicia alina alison aljoscha allison amanda amelie amina amir amit amy ana anastasia anders
    andrea andreas andrei andrew andrzej angela angelika anika anita anja anke ann anna
    annabelle anne annegret annette annika anthony antje antoine anton antonia antonio anya
    arjun arne arthur astrid aurelie axel ayse barbara bartosz bastian beate beatrice beatriz
    ben benedikt benjamin bernadette bernard bernd bettina birgit bjorn boris brandon brenda
    brian brigitte bruno camille carina carl carla carlos carmen carol carolina caroline carsten
    catherine cecilia cecile chantal charles charlie chen chiara chloe christian christiane
    christina christine christoph christophe christopher claire clara claudia claudio claus
    clemens colin connor constanze cornelia craig cristina cynthia dagmar damian daniel daniela
    daniele danielle danny david deborah delphine denis denise dennis derek detlef diana diane
    diego dieter dietmar dirk dmitri dominik dominique donald donna doris dorothea dorothee
    douglas edgar eduardo edward ekaterina elaine elena eleanor eleonora elias elisa elisabeth
    elise elizabeth elke ellen emil emilia emilie emily emma emmanuel enrico eric erik erika
    ernst esra esther eugene eva evelyn fabian fabienne fatima fatma federico felicitas felix
    ferdinand fernanda fernando fiona florian francesca francesco francisco francois francoise
    frank franziska frauke frederic friederike friedrich fritz gabriel gabriela gabriele gary
    genevieve georg george gerald gerd gerhard gertrud gilles giovanni gisela giulia giuseppe
    gloria gordon gregor gregory gudrun guido guillaume gunter gunther gustav hakan hanna hannah
    hannelore hans harald harold harriet hasan heather hector heidi heike heiko heinrich heinz
    helen helena helene helga helmut henning henri henrik henry herbert hermann hilary hildegard
    holger horst howard hubert hugo ian ibrahim ida igor ilona ines inga inge ingrid irene iris
    irina irmgard isaac isabel isabella isabelle ivan jack jacob jacqueline jakob jakub james
    jamie jan jana jane janet janina janine jannik jasmin jason javier jean jeanette jeff
    jeffrey jelena jennifer jenny jens jeremy jerome jerry jessica jill joachim joan joanna
    jochen joe joel joerg johan johanna johannes john jonas jonathan jorge joseph josef josefine
    joshua juan judith julia julian juliane julie julien jurgen justin jutta kai karen karin
    karina karl karolina karoline karsten kaspar katarina katarzyna kate katharina katherine
    kathleen kathrin kathryn katja katrin keith kelly kenneth kerstin kevin khalid kim kimberly
    kirsten klara klaus konrad konstantin kristen kristin kristina krzysztof kurt kyle lars
    larissa larry laura lauren laurence laurent lea leila lena leo leon leonard leonie leonardo
    lewis liam lilly linda lisa lorenz lorenzo louis louise luca lucas lucia lucie ludwig luis
    luise lukas lutz lydia magdalena maike maja malte manfred manuel manuela marc marcel marcin
    marco marcus mareike margaret margarete margarita margot maria marianne marie mariana marina
    mario marion marius markus marlene marta martha martin martina mary mathias mathieu mathilde
    matteo matthew matthias maureen maurice max maximilian megan mehmet melanie melissa michael
    michaela michal michel michele michelle miguel mika mikhail milan milena mirjam miriam
    mohamed mohammad mohammed monica monika monique moritz muhammad murat mustafa nadia nadine
    nadja natalia natalie natasha nathalie nathan neil nicholas nicola nicolas nicole nikolai
    nikolaus nils nina noah nora norbert olaf oleg olga oliver olivia olivier omar oscar oskar
    otto pablo pamela pascal patricia patrick paul paula pauline pavel pawel pedro peggy peter
    petra philip philipp philippe phillip pierre piotr priya rachel rafael ralf ralph ramona
    raphael raquel rebecca regina reiner reinhard renate rene ricardo richard rita robert
    roberta roberto robin roger roland rolf roman ronald rosa rosalie rosemary roxane rudolf
    ruth ryan sabine sabrina samantha samir samuel sandra sandy sara sarah sascha scott sean
    sebastian sergei sergio seyed sharon sheila sibylle siegfried sigrid silke silvia simon
    simona simone sina sofia sofie sonia sonja sophia sophie stefan stefanie steffen stella
    stephan stephanie stephen steve steven stuart sunil susan susanna susanne suzanne svenja
    sven svetlana sylvia sylvie tamara tanja tania tanya tatjana teresa thea theo theodor
    theresa theresia thomas thorsten tim timothy tina tobias todd tom tomasz tony torsten tracy
    traudl ulf ulrich ulrike ursula ute uwe valentin valentina valerie vanessa vera verena
    veronica veronika viktor viktoria vincent viola virginie vivian vladimir volker walter
    waltraud wendy werner wilhelm william wolfgang wolfram xavier yannick yasemin yasmin yusuf
    yves yvonne zeynep zoe
    """
)
