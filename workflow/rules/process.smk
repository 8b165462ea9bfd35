# Scores, events and outcomes in, how the relationship went out.
#   inputs   clean engagements, outcomes and events, alliance scores, the analysis frame, how well
#            the alliance was measured, the plan
#   outputs  <results>/interim/{dataset}/process.csv


rule describe_process:
    """Tell the course of the relationship: gap, growth, lags, early discrepancy, ruptures."""
    input:
        mapping=mapping_of,
        plan=ancient(str(layout.PLAN)),
        engagements="<results>/interim/{dataset}/engagements.parquet",
        outcomes="<results>/interim/{dataset}/outcomes.parquet",
        events="<results>/interim/{dataset}/events.parquet",
        alliance="<results>/interim/{dataset}/alliance.parquet",
        frame="<results>/interim/{dataset}/frame.parquet",
        measurement="<results>/interim/{dataset}/measurement.csv",
    output:
        process=update("<results>/interim/{dataset}/process.csv"),
    params:
        folder=subpath(output.process, parent=True),
        code=code_hash("process"),
        instruments=instruments_hash,
        plan=plan_hash("process", "ruptures", "comparison"),
        settings=keys_hash(
            "name", "outcomes", "cluster", "primary_outcome", "primary_source", "primary_phase"
        ),
    log:
        "<logs>/describe_process/{dataset}.log",
    benchmark:
        "<benchmarks>/describe_process/{dataset}.tsv"
    shell:
        "alliance process --mapping {input.mapping:q} --plan {input.plan:q}"
        " --folder {params.folder:q} > {log:q} 2>&1"
