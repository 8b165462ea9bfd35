# Which test lies when: a job for each scenario. No part of a run; asked for by name.
#   inputs   the plan
#   outputs  <results>/calibration/{scenario}.csv, <results>/tables/calibration.csv,
#            <results>/figures/calibration.{svg,png}


def scenarios(wildcards):
    """The table of every scenario whose truth is known."""
    from analysis.simulate.scenarios import SCENARIOS

    return [f"<results>/calibration/{one.name}.csv" for one in SCENARIOS]


rule calibrate_scenario:
    """Hold every line of evidence to known truth in one scenario."""
    input:
        plan=ancient(str(layout.PLAN)),
    output:
        table=update("<results>/calibration/{scenario}.csv"),
    params:
        results=lambda wildcards, output: Path(output[0]).parents[1],
        share=float(config.get("replicates_share", 1)),
        code=code_hash("calibrate"),
        plan=plan_hash("calibration", "comparison"),
    threads: 2
    log:
        "<logs>/calibrate_scenario/{scenario}.log",
    benchmark:
        "<benchmarks>/calibrate_scenario/{scenario}.tsv"
    shell:
        "alliance calibrate --plan {input.plan:q} --scenario {wildcards.scenario}"
        " --replicates-share {params.share} --processes {threads}"
        " --output {params.results:q} > {log:q} 2>&1"


rule gather_calibration:
    """Put the scenarios together, draw them, and tell which bars hold."""
    input:
        scenarios,
    output:
        table=update("<results>/tables/calibration.csv"),
        svg=update("<results>/figures/calibration.svg"),
        png=update("<results>/figures/calibration.png"),
    params:
        results=lambda wildcards, output: Path(output[0]).parents[1],
        share=float(config.get("replicates_share", 1)),
        code=code_hash("calibrate"),
    log:
        "<logs>/gather_calibration.log",
    benchmark:
        "<benchmarks>/gather_calibration.tsv"
    shell:
        "alliance calibrate --gather --replicates-share {params.share}"
        " --output {params.results:q} > {log:q} 2>&1"
