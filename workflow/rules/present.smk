# Tables in, what people look at out.
#   inputs   the tables of estimates and flow, the plan, the mappings
#   outputs  <results>/figures/*.svg and .png, <results>/report.html, <results>/provenance.json


rule draw_comparison:
    """Draw one dataset's correlations, their difference and the zone of equivalence."""
    input:
        mapping=mapping_of,
        plan=ancient(str(layout.PLAN)),
        comparison="<results>/interim/{dataset}/comparison.csv",
    output:
        svg=update("<results>/figures/{dataset}_comparison.svg"),
        png=update("<results>/figures/{dataset}_comparison.png"),
    params:
        code=code_hash("draw"),
        plan=plan_hash("comparison"),
        settings=keys_hash("name", "title", "outcomes"),
    log:
        "<logs>/draw_comparison/{dataset}.log",
    benchmark:
        "<benchmarks>/draw_comparison/{dataset}.tsv"
    shell:
        "alliance draw --mapping {input.mapping:q} --plan {input.plan:q}"
        " --comparison {input.comparison:q} --output {output.svg:q} > {log:q} 2>&1"


rule write_report:
    """Write the report, the figure across datasets, and the record of what it all rests on."""
    input:
        mappings=[ancient(str(dataset.path)) for dataset in DATASETS.values()],
        plan=ancient(str(layout.PLAN)),
        tables=expand(
            "<results>/tables/{table}.csv", table=("comparison", "measurement", "flow")
        ),
        metrics="<results>/metrics.json",
        figures=expand("<results>/figures/{dataset}_comparison.svg", dataset=DATASETS),
    output:
        report=update("<results>/report.html"),
        provenance=update("<results>/provenance.json"),
        svg=update("<results>/figures/datasets.svg"),
        png=update("<results>/figures/datasets.png"),
    params:
        results=subpath(output.report, parent=True),
        code=code_hash("report"),
        plan=plan_hash(),
        settings=[dataset.keys_hash() for dataset in DATASETS.values()],
        instruments=[dataset.instruments_hash() for dataset in DATASETS.values()],
        data=[dataset.data_hash() for dataset in DATASETS.values()],
    log:
        "<logs>/write_report.log",
    benchmark:
        "<benchmarks>/write_report.tsv"
    shell:
        "alliance report --plan {input.plan:q} --results {params.results:q}"
        " {input.mappings:q} > {log:q} 2>&1"
