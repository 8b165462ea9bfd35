# Ratings and events so far in, warnings of early endings and what they are worth out.
#   inputs   clean engagements and events, alliance scores, how well they were measured, the plan
#   outputs  <results>/interim/{dataset}/warning.csv


rule warn_early:
    """Ask at each landmark who will end early or rupture, of advisors the model has not seen."""
    input:
        mapping=mapping_of,
        plan=ancient(str(layout.PLAN)),
        engagements="<results>/interim/{dataset}/engagements.parquet",
        events="<results>/interim/{dataset}/events.parquet",
        alliance="<results>/interim/{dataset}/alliance.parquet",
        measurement="<results>/interim/{dataset}/measurement.csv",
    output:
        warning=update("<results>/interim/{dataset}/warning.csv"),
    params:
        folder=subpath(output.warning, parent=True),
        code=code_hash("warn"),
        instruments=instruments_hash,
        plan=plan_hash(
            "warning",
            "ruptures",
            "comparison.confidence",
            "comparison.equivalence_confidence",
            "comparison.minimum_clusters",
        ),
        settings=keys_hash("name", "cluster"),
    log:
        "<logs>/warn_early/{dataset}.log",
    benchmark:
        "<benchmarks>/warn_early/{dataset}.tsv"
    shell:
        "alliance warn --mapping {input.mapping:q} --plan {input.plan:q}"
        " --folder {params.folder:q} > {log:q} 2>&1"
