# Answers in, alliance scores and the quality of their measurement out.
#   inputs   clean check-ins and engagements, the keys of the instruments, the plan
#   outputs  <results>/interim/{dataset}/alliance.parquet, frame.parquet, measurement.csv


rule score_alliance:
    """Score items per engagement, rater and occasion, and average them over the window."""
    input:
        mapping=mapping_of,
        plan=ancient(str(layout.PLAN)),
        engagements="<results>/interim/{dataset}/engagements.parquet",
        checkins="<results>/interim/{dataset}/checkins.parquet",
    output:
        alliance=update("<results>/interim/{dataset}/alliance.parquet"),
        frame=update("<results>/interim/{dataset}/frame.parquet"),
    params:
        folder=subpath(output.frame, parent=True),
        code=code_hash("score"),
        instruments=instruments_hash,
        plan=plan_hash("scoring", "comparison.window"),
    log:
        "<logs>/score_alliance/{dataset}.log",
    benchmark:
        "<benchmarks>/score_alliance/{dataset}.tsv"
    shell:
        "alliance score --mapping {input.mapping:q} --plan {input.plan:q}"
        " --folder {params.folder:q} > {log:q} 2>&1"


rule measure_alliance:
    """Say how well the alliance was measured: reliability, structure, agreement, what is missing."""
    input:
        mapping=mapping_of,
        plan=ancient(str(layout.PLAN)),
        engagements="<results>/interim/{dataset}/engagements.parquet",
        checkins="<results>/interim/{dataset}/checkins.parquet",
        outcomes="<results>/interim/{dataset}/outcomes.parquet",
        alliance="<results>/interim/{dataset}/alliance.parquet",
        frame="<results>/interim/{dataset}/frame.parquet",
    output:
        measurement=update("<results>/interim/{dataset}/measurement.csv"),
    params:
        folder=subpath(output.measurement, parent=True),
        code=code_hash("measure"),
        instruments=instruments_hash,
        plan=plan_hash(
            "scoring",
            "comparison.window",
            "comparison.confidence",
            "comparison.seed",
            "disclosure.threshold",
        ),
        settings=keys_hash(
            "name",
            "cluster",
            "programme",
            "primary_outcome",
            "primary_source",
            "primary_phase",
        ),
    log:
        "<logs>/measure_alliance/{dataset}.log",
    benchmark:
        "<benchmarks>/measure_alliance/{dataset}.tsv"
    shell:
        "alliance measure --mapping {input.mapping:q} --plan {input.plan:q}"
        " --folder {params.folder:q} > {log:q} 2>&1"
