# Answers in, alliance scores out.
#   inputs   clean check-ins and engagements, the keys of the instruments, the plan
#   outputs  <results>/interim/{dataset}/alliance.parquet, frame.parquet


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
