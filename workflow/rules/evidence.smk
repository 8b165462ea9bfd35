# Scores and outcomes in, lines of evidence and verdicts out.
#   inputs   the analysis frame, alliance scores, clean check-ins and outcomes, the plan
#   outputs  <results>/interim/{dataset}/{comparison,multiverse}.csv
#            <results>/tables/{comparison,measurement,multiverse,warning,flow,synthesis}.csv
#            <results>/metrics.json


rule compare_raters:
    """Ask whether the advisee's rating goes with the outcome more closely than the advisor's."""
    input:
        mapping=mapping_of,
        plan=ancient(str(layout.PLAN)),
        checkins="<results>/interim/{dataset}/checkins.parquet",
        outcomes="<results>/interim/{dataset}/outcomes.parquet",
        alliance="<results>/interim/{dataset}/alliance.parquet",
        frame="<results>/interim/{dataset}/frame.parquet",
    output:
        comparison=update("<results>/interim/{dataset}/comparison.csv"),
    params:
        folder=subpath(output.comparison, parent=True),
        code=code_hash("compare"),
        instruments=instruments_hash,
        plan=plan_hash("comparison"),
        settings=keys_hash(
            "name", "outcomes", "cluster", "primary_outcome", "primary_source", "primary_phase"
        ),
    log:
        "<logs>/compare_raters/{dataset}.log",
    benchmark:
        "<benchmarks>/compare_raters/{dataset}.tsv"
    shell:
        "alliance compare --mapping {input.mapping:q} --plan {input.plan:q}"
        " --folder {params.folder:q} > {log:q} 2>&1"


# The multiverse's resamples in this many jobs a dataset; one job does all where it is 1.
PARTS = int(config.get("multiverse_parts", 1))


def replicates_of(wildcards):
    """Every part of the multiverse's resamples, or none where they are not made apart."""
    parts = range(1, PARTS + 1) if PARTS > 1 else ()
    return [
        f"<results>/interim/{wildcards.dataset}/replicates/{part}_of_{PARTS}.parquet"
        for part in parts
    ]


rule resample_multiverse:
    """Make one part of the multiverse's resamples, side by side with the others."""
    input:
        mapping=mapping_of,
        plan=ancient(str(layout.PLAN)),
        engagements="<results>/interim/{dataset}/engagements.parquet",
        checkins="<results>/interim/{dataset}/checkins.parquet",
        outcomes="<results>/interim/{dataset}/outcomes.parquet",
    output:
        replicates=update("<results>/interim/{dataset}/replicates/{part}_of_{parts}.parquet"),
    params:
        folder=lambda wildcards, output: Path(output[0]).parents[1],
        code=code_hash("multiverse"),
        instruments=instruments_hash,
        plan=plan_hash("scoring", "comparison", "multiverse"),
        settings=keys_hash(
            "name", "outcomes", "cluster", "primary_outcome", "primary_source", "primary_phase"
        ),
    log:
        "<logs>/resample_multiverse/{dataset}_{part}_of_{parts}.log",
    benchmark:
        "<benchmarks>/resample_multiverse/{dataset}_{part}_of_{parts}.tsv"
    shell:
        "alliance resample --mapping {input.mapping:q} --plan {input.plan:q}"
        " --folder {params.folder:q} --part {wildcards.part} --parts {wildcards.parts}"
        " --output {output.replicates:q} > {log:q} 2>&1"


rule multiverse_choices:
    """Estimate the difference under every combination of reasonable choices, and test it jointly."""
    input:
        mapping=mapping_of,
        plan=ancient(str(layout.PLAN)),
        engagements="<results>/interim/{dataset}/engagements.parquet",
        checkins="<results>/interim/{dataset}/checkins.parquet",
        outcomes="<results>/interim/{dataset}/outcomes.parquet",
        replicates=replicates_of,
    output:
        multiverse=update("<results>/interim/{dataset}/multiverse.csv"),
    params:
        folder=subpath(output.multiverse, parent=True),
        made=lambda wildcards, input: [f"--replicates={path}" for path in input.replicates],
        code=code_hash("multiverse"),
        instruments=instruments_hash,
        plan=plan_hash("scoring", "comparison", "multiverse"),
        settings=keys_hash(
            "name", "outcomes", "cluster", "primary_outcome", "primary_source", "primary_phase"
        ),
    log:
        "<logs>/multiverse_choices/{dataset}.log",
    benchmark:
        "<benchmarks>/multiverse_choices/{dataset}.tsv"
    shell:
        "alliance multiverse --mapping {input.mapping:q} --plan {input.plan:q}"
        " --folder {params.folder:q} {params.made:q} > {log:q} 2>&1"


rule synthesise_datasets:
    """Put the datasets' effects together: their mean, how far they differ, what a new one may say."""
    input:
        mappings=[ancient(str(dataset.path)) for dataset in DATASETS.values()],
        plan=ancient(str(layout.PLAN)),
        comparison=expand("<results>/interim/{dataset}/comparison.csv", dataset=DATASETS),
        engagements=expand("<results>/interim/{dataset}/engagements.parquet", dataset=DATASETS),
    output:
        synthesis=update("<results>/tables/synthesis.csv"),
    params:
        results=lambda wildcards, output: Path(output[0]).parents[1],
        code=code_hash("synthesise"),
        plan=plan_hash("comparison", "disclosure"),
        settings=[
            dataset.keys_hash("name", "cluster", "provenance") for dataset in DATASETS.values()
        ],
    log:
        "<logs>/synthesise_datasets.log",
    benchmark:
        "<benchmarks>/synthesise_datasets.tsv"
    shell:
        "alliance synthesise --plan {input.plan:q} --results {params.results:q}"
        " {input.mappings:q} > {log:q} 2>&1"


rule gather_tables:
    """Put all datasets' estimates and rows together, and their headline numbers."""
    input:
        mappings=[ancient(str(dataset.path)) for dataset in DATASETS.values()],
        plan=ancient(str(layout.PLAN)),
        engagements=expand("<results>/interim/{dataset}/engagements.parquet", dataset=DATASETS),
        comparison=expand("<results>/interim/{dataset}/comparison.csv", dataset=DATASETS),
        measurement=expand("<results>/interim/{dataset}/measurement.csv", dataset=DATASETS),
        multiverse=expand("<results>/interim/{dataset}/multiverse.csv", dataset=DATASETS),
        process=expand("<results>/interim/{dataset}/process.csv", dataset=DATASETS),
        warning=expand("<results>/interim/{dataset}/warning.csv", dataset=DATASETS),
        flow=expand("<results>/interim/{dataset}/flow.csv", dataset=DATASETS),
        privacy=expand("<results>/interim/{dataset}/privacy.csv", dataset=DATASETS),
    output:
        comparison=update("<results>/tables/comparison.csv"),
        measurement=update("<results>/tables/measurement.csv"),
        multiverse=update("<results>/tables/multiverse.csv"),
        process=update("<results>/tables/process.csv"),
        warning=update("<results>/tables/warning.csv"),
        flow=update("<results>/tables/flow.csv"),
        privacy=update("<results>/tables/privacy.csv"),
        metrics=update("<results>/metrics.json"),
    params:
        results=subpath(output.metrics, parent=True),
        code=code_hash("gather"),
        plan=plan_hash("disclosure"),
        settings=[
            dataset.keys_hash("name", "title", "cluster", "outcomes", "provenance")
            for dataset in DATASETS.values()
        ],
    log:
        "<logs>/gather_tables.log",
    benchmark:
        "<benchmarks>/gather_tables.tsv"
    shell:
        "alliance gather --plan {input.plan:q} --results {params.results:q} {input.mappings:q} > {log:q} 2>&1"
