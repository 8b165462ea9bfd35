# All tables of estimates in, a verdict on every claim of the ledger out.
#   inputs   the ledger, clean tables, alliance scores, the analysis frame, comparison, measurement,
#            process, warning; across datasets the synthesis
#   outputs  <results>/interim/{dataset}/claims.csv, <results>/tables/claims.csv


rule answer_claims:
    """Answer every claim with a dataset, or say what it lacks."""
    input:
        mapping=mapping_of,
        plan=ancient(str(layout.PLAN)),
        ledger=ancient(str(layout.LEDGER)),
        tables=expand(
            "<results>/interim/{{dataset}}/{table}.parquet",
            table=("engagements", "checkins", "outcomes", "events", "alliance", "frame"),
        ),
        estimates=expand(
            "<results>/interim/{{dataset}}/{table}.csv",
            table=("comparison", "measurement", "process", "warning"),
        ),
    output:
        claims=update("<results>/interim/{dataset}/claims.csv"),
    params:
        folder=subpath(output.claims, parent=True),
        code=code_hash("claims"),
        ledger=closure.file_hash(layout.LEDGER),
        instruments=instruments_hash,
        plan=plan_hash("comparison", "ruptures"),
        settings=keys_hash(
            "name", "outcomes", "cluster", "primary_outcome", "primary_source", "primary_phase"
        ),
    log:
        "<logs>/answer_claims/{dataset}.log",
    benchmark:
        "<benchmarks>/answer_claims/{dataset}.tsv"
    shell:
        "alliance claims --mapping {input.mapping:q} --plan {input.plan:q}"
        " --ledger {input.ledger:q} --folder {params.folder:q} > {log:q} 2>&1"


rule gather_claims:
    """Put all datasets' verdicts together, with those that only all of them together allow."""
    input:
        mappings=[ancient(str(dataset.path)) for dataset in DATASETS.values()],
        plan=ancient(str(layout.PLAN)),
        ledger=ancient(str(layout.LEDGER)),
        claims=expand("<results>/interim/{dataset}/claims.csv", dataset=DATASETS),
        engagements=expand("<results>/interim/{dataset}/engagements.parquet", dataset=DATASETS),
        synthesis="<results>/tables/synthesis.csv",
    output:
        claims=update("<results>/tables/claims.csv"),
    params:
        results=lambda wildcards, output: Path(output[0]).parents[1],
        code=code_hash("claims"),
        ledger=closure.file_hash(layout.LEDGER),
        plan=plan_hash("disclosure"),
        settings=[
            dataset.keys_hash("name", "cluster", "provenance") for dataset in DATASETS.values()
        ],
    log:
        "<logs>/gather_claims.log",
    benchmark:
        "<benchmarks>/gather_claims.tsv"
    shell:
        "alliance gather-claims --plan {input.plan:q} --ledger {input.ledger:q}"
        " --results {params.results:q} {input.mappings:q} > {log:q} 2>&1"
