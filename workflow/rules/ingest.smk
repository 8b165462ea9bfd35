# Raw tables in, four clean tables out.
#   inputs   a dataset's mapping, its raw files, the keys of its instruments
#   outputs  <results>/interim/{dataset}/{engagements,checkins,outcomes,events}.parquet, flow.csv, privacy.csv


rule ingest_dataset:
    """Turn raw tables into clean ones and account for every row."""
    input:
        mapping=mapping_of,
        raw=raw_files_of,
    output:
        engagements=update("<results>/interim/{dataset}/engagements.parquet"),
        checkins=update("<results>/interim/{dataset}/checkins.parquet"),
        outcomes=update("<results>/interim/{dataset}/outcomes.parquet"),
        events=update("<results>/interim/{dataset}/events.parquet"),
        flow=update("<results>/interim/{dataset}/flow.csv"),
        privacy=update("<results>/interim/{dataset}/privacy.csv"),
    params:
        folder=subpath(output.flow, parent=True),
        code=code_hash("ingest"),
        data=data_hash,
        instruments=instruments_hash,
        key=key_in_use,
        settings=keys_hash(
            "name",
            "folder",
            "missing_marks",
            "duplicates",
            "out_of_range",
            "instruments",
            "sources",
            "tables",
            "outcomes",
            "quasi_identifiers",
        ),
    log:
        "<logs>/ingest_dataset/{dataset}.log",
    benchmark:
        "<benchmarks>/ingest_dataset/{dataset}.tsv"
    shell:
        "alliance ingest --mapping {input.mapping:q} --output {params.folder:q} > {log:q} 2>&1"
