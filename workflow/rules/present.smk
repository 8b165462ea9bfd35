# Tables in, what people look at out.
#   inputs   the tables of estimates and flow, the plan, the mappings
#   outputs  <results>/figures/*.svg and .png, <results>/report.html, <results>/provenance.json,
#            <results>/audit.html, <results>/codebook.csv and .html, <results>/manuscript/*

from analysis.contract.products import AUDITED, DRAWN_FROM, FIGURES, FIGURES_ACROSS, REPORTED


rule draw_figures:
    """Draw one dataset's figures; where the data allow none, a plate says why."""
    input:
        mapping=mapping_of,
        plan=ancient(str(layout.PLAN)),
        engagements="<results>/interim/{dataset}/engagements.parquet",
        tables=expand("<results>/interim/{{dataset}}/{table}.csv", table=DRAWN_FROM),
    output:
        svg=update(expand("<results>/figures/{{dataset}}_{figure}.svg", figure=FIGURES)),
        png=update(expand("<results>/figures/{{dataset}}_{figure}.png", figure=FIGURES)),
    params:
        results=lambda wildcards, output: Path(output[0]).parents[1],
        code=code_hash("draw"),
        plan=plan_hash("comparison.sesoi", "comparison.confidence", "disclosure"),
        instruments=instruments_hash,
        settings=keys_hash(
            "name", "title", "outcomes", "cluster", "provenance", "primary_outcome"
        ),
    log:
        "<logs>/draw_figures/{dataset}.log",
    benchmark:
        "<benchmarks>/draw_figures/{dataset}.tsv"
    shell:
        "alliance draw --mapping {input.mapping:q} --plan {input.plan:q}"
        " --results {params.results:q} > {log:q} 2>&1"


rule write_report:
    """Write the report, the figure across datasets, and the record of what it all rests on."""
    input:
        mappings=[ancient(str(dataset.path)) for dataset in DATASETS.values()],
        plan=ancient(str(layout.PLAN)),
        tables=expand("<results>/tables/{table}.csv", table=REPORTED),
        metrics="<results>/metrics.json",
        figures=expand(
            "<results>/figures/{dataset}_{figure}.svg", dataset=DATASETS, figure=FIGURES
        ),
    output:
        report=update("<results>/report.html"),
        provenance=update("<results>/provenance.json"),
        svg=update(expand("<results>/figures/{figure}.svg", figure=FIGURES_ACROSS)),
        png=update(expand("<results>/figures/{figure}.png", figure=FIGURES_ACROSS)),
    params:
        results=subpath(output.report, parent=True),
        # The record holds the hash of all that the command imports.
        code=closure.code_hash("analysis.cli", lock=layout.LOCK),
        plan=plan_hash(),
        settings=[dataset.keys_hash() for dataset in DATASETS.values()],
        instruments=[dataset.instruments_hash() for dataset in DATASETS.values()],
        data=[dataset.data_hash() for dataset in DATASETS.values()],
        recorded=[closure.file_hash(path) for path in (layout.LEDGER, freeze.FROZEN, layout.CALIBRATION)],
    log:
        "<logs>/write_report.log",
    benchmark:
        "<benchmarks>/write_report.tsv"
    shell:
        "alliance report --plan {input.plan:q} --results {params.results:q}"
        " {input.mappings:q} > {log:q} 2>&1"


rule write_audit:
    """Write the programme audit, the tables for a manuscript, and the codebook."""
    input:
        mappings=[ancient(str(dataset.path)) for dataset in DATASETS.values()],
        plan=ancient(str(layout.PLAN)),
        tables=expand("<results>/tables/{table}.csv", table=AUDITED),
    output:
        audit=update("<results>/audit.html"),
        codebook=update(multiext("<results>/codebook", ".csv", ".html")),
        word=update(expand("<results>/manuscript/{dataset}.docx", dataset=DATASETS)),
        html=update(expand("<results>/manuscript/{dataset}.html", dataset=DATASETS)),
    params:
        results=subpath(output.audit, parent=True),
        code=code_hash("audit"),
        plan=plan_hash(
            "scoring.minimum_answered",
            "comparison.window",
            "comparison.sesoi",
            "comparison.confidence",
            "warning.horizon",
        ),
        settings=[dataset.keys_hash() for dataset in DATASETS.values()],
        instruments=[dataset.instruments_hash() for dataset in DATASETS.values()],
        recorded=[closure.file_hash(path) for path in (layout.LEDGER, layout.BENCHMARKS)],
    log:
        "<logs>/write_audit.log",
    benchmark:
        "<benchmarks>/write_audit.tsv"
    shell:
        "alliance audit --plan {input.plan:q} --results {params.results:q}"
        " {input.mappings:q} > {log:q} 2>&1"
