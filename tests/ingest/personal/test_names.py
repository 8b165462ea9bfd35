import pytest

from analysis.ingest.personal.column import Column
from analysis.ingest.personal.names import NAMES, find_names

#: Capitalised words that no list of names knows.
ENDS = ("ndo", "rvi", "shel", "wak", "zin")
WORDS = [begin + end for begin in ("Ka", "Lo", "Mi", "Tu") for end in ENDS]


def names(header: str, values, times: int = 1, known=()) -> set[str]:
    column = Column(header, dict.fromkeys(values, times), frozenset(known))
    return {value for find in find_names([column])[0] for value in find.values}


@pytest.mark.parametrize(
    "header",
    ["Name", "first name", "FirstName", "Vorname", "Nom", "Prénom du client", "RecipientLastName",
     "What is your name?", "Wie lautet Ihr Name", "coach_name", "CLIENT NAME", "Surname 1"],
)  # fmt: skip
def test_a_header_that_speaks_of_a_persons_name(header):
    assert names(header, ["Oyelaran", "Tshabalala"], times=50) == {"Oyelaran", "Tshabalala"}


@pytest.mark.parametrize(
    "header",
    ["Programme name", "Scale name", "Filename", "Team", "rename", "Organisation name", "Event"],
)
def test_a_header_that_names_something_else(header):
    assert names(header, ["Oyelaran", "Tshabalala"], times=50) == set()


def test_a_name_column_of_codes_or_of_words_that_the_mapping_knows_is_none():
    assert names("Name", ["C0059", "C-0060", "007"]) == set()
    assert (
        names("name", ["goal_attainment", "effort"], known=["goal_attainment", "effort"]) == set()
    )


@pytest.mark.parametrize(
    "values",
    [
        ["Anna Schmidt", "Jürgen von der Heide", "C. J. Tan"],
        ["Schmidt, Anna", "Müller-Lüdenscheidt, Karl Otto"],
        ["ANNA SCHMIDT", "peter meier"],
        ["Dr. Maria Curie", "Frau Julia Kern"],
        ["Anna Schmidt"],
    ],
)
def test_values_that_hold_given_names_under_any_header(values):
    assert names("Q7", values, times=40)


def test_many_different_values_with_the_shape_of_names_that_no_list_knows():
    values = [f"{first} {last}" for first in WORDS[:4] for last in WORDS[4:9]]
    assert len(names("Q7", values)) == 20
    assert names("Q7", values, times=5) == set()  # each recurs: a label


def test_people_under_a_persons_header_need_not_be_many():
    assert names("Coach", ["Oyelaran Tshabalala", "Nkechi Adeyemi-Cole"], times=60)
    assert names("Respondent", ["Line Manager", "Senior Colleague"], times=60) == set()


def test_given_names_alone():
    assert names("Q7", ["Anna", "Peter", "Ulrike", "Sven"], times=30)
    assert names("Q7", ["Anna", "Red", "Blue", "Green"], times=30) == set()


def test_family_names_are_found_in_a_second_column():
    def both(first, second):
        columns = [Column("A", dict.fromkeys(first, 1)), Column("B", dict.fromkeys(second, 1))]
        return [[one.kind for one in found] for found in find_names(columns)]

    given = ["Anna", "Peter", "Ulrike", "Sven"]
    assert both(given, ["Kandorvi", "Loshel", "Tuwak", "Mizin"]) == [[NAMES], [NAMES]]
    assert both(WORDS, [word + "er" for word in WORDS]) == [[NAMES], [NAMES]]
    assert both(WORDS, ["Low", "High"]) == [[], []]  # one such column can be towns
    assert both(given, ["Low", "Medium", "High", "None"]) == [[NAMES], []]


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Status", ["Completed", "Ended early", "Ongoing", "On Hold"]),
        ("Level", ["Senior Manager", "Team Lead", "Vice President", "Executive", "Manager"]),
        ("Client level", ["Senior Partner", "Junior Partner"]),
        ("Answer", ["Strongly Agree", "Agree", "Neither Agree Nor Disagree", "Disagree"]),
        ("Event", ["Rapport work", "Missed check-in", "Goal renegotiated", "Complaint"]),
        (
            "Organisation",
            ["Thomas Cook", "Acme Works", "Blue Harbour", "Delta Forge", "Omega Mill"],
        ),
        ("Organisation", ["Martin Holdings", "Thomas Bank", "Acme Consulting"]),
        ("Organisation", ["Martin Holdings", "North Harbour Bank", "Acme Consulting", "O12"]),
        ("Month", ["January", "February", "March", "April", "May", "June", "July", "August"]),
        ("Cohort", ["Spring Cohort", "Autumn Cohort", "Pilot Group"]),
        ("Client", ["C0059", "C0388", "A-024"]),
        ("Site", ["Berlin", "Paris", "New York", "São Paulo"]),
        ("Rated by", ["Line manager", "Mentee", "Mentor", "Programme office"]),
        ("Gender", ["Wife", "Husband", "MALE", "female"]),
    ],
)
def test_ordinary_columns_hold_no_name(header, values):
    assert names(header, values, times=40) == set()
