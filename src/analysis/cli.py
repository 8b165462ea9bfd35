"""The command `alliance`: a thin dispatcher that imports a stage only when it is called."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from analysis.contract.faults import UserFault, explain_system_fault
from analysis.contract.turns import join_turn

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Does the advisee's rating of the alliance predict outcomes better than the advisor's?",
)

instruments = typer.Typer(no_args_is_help=True, help="Keys to instruments.")
app.add_typer(instruments, name="instrument")
plans = typer.Typer(no_args_is_help=True, help="The analysis plan.")
app.add_typer(plans, name="plan")

MappingFile = Annotated[Path, typer.Option("--mapping", help="the dataset's mapping")]
PlanFile = Annotated[Path, typer.Option("--plan", help="the analysis plan")]
LedgerFile = Annotated[Path, typer.Option("--ledger", help="the claims ledger")]
Folder = Annotated[Path, typer.Option("--folder", help="the dataset's interim folder")]
Output = Annotated[Path, typer.Option("--output", help="where to write")]
Results = Annotated[Path, typer.Option("--results", help="the run's results folder")]
Mappings = Annotated[list[Path], typer.Argument(help="the datasets' mappings")]
OwnMappings = Annotated[
    list[Path] | None, typer.Argument(help="mappings of your own, beside the plan's datasets")
]


@app.command()
def run(
    mapping: Annotated[
        Path | None, typer.Argument(help="a mapping of your own; the plan's datasets without")
    ] = None,
    cores: Annotated[int, typer.Option(min=1, help="jobs side by side")] = 2,
    snakemake: Annotated[
        list[str] | None, typer.Option(help="a further argument for Snakemake, such as --dry-run")
    ] = None,
) -> None:
    """Run the whole workflow and print the answer for each dataset."""
    from analysis.stages.run import run

    raise typer.Exit(run(mapping, cores, tuple(snakemake or ())))


@app.command()
def describe(
    files: Annotated[list[Path], typer.Argument(help="exports and lists of one programme")],
    output: Annotated[Path | None, typer.Option(help="where the proposed mapping goes")] = None,
) -> None:
    """Propose a mapping for files of your own, with what is unsure marked."""
    from analysis.stages.describe import describe

    describe(files, output)


@app.command()
def check(mapping: Annotated[Path, typer.Argument(help="a mapping of your own")]) -> None:
    """Say what is wrong with a dataset, what becomes of its rows, and what it can answer."""
    from analysis.stages.check import check

    check(mapping)


@instruments.command("check")
def check_instrument(key: Annotated[Path, typer.Argument(help="a key of your own")]) -> None:
    """Say all that is wrong with a key, or what it says if nothing is."""
    from analysis.stages.check import check_instrument

    check_instrument(key)


@plans.command("freeze")
def freeze_plan(
    mappings: OwnMappings = None,
    replace: Annotated[bool, typer.Option(help="freeze anew over an earlier frozen plan")] = False,
) -> None:
    """Write down the plan with the day and its hash, so that later departures are listed."""
    from analysis.stages.freeze import freeze

    freeze(mappings or (), replace=replace)


@plans.command("status")
def show_plan_status(mappings: OwnMappings = None) -> None:
    """Print every departure from the frozen plan."""
    from analysis.stages.freeze import status

    status(mappings or ())


@app.command()
def ingest(mapping: MappingFile, output: Output) -> None:
    """Raw tables to the four clean tables and the flow of rows."""
    from analysis.stages.ingest import ingest

    ingest(mapping, output)


@app.command()
def score(mapping: MappingFile, plan: PlanFile, folder: Folder) -> None:
    """Clean tables to alliance scores and the analysis frame."""
    from analysis.stages.score import score

    score(mapping, plan, folder)


@app.command()
def measure(mapping: MappingFile, plan: PlanFile, folder: Folder) -> None:
    """Clean check-ins to how well the alliance was measured."""
    from analysis.stages.measure import measure

    measure(mapping, plan, folder)


@app.command()
def compare(mapping: MappingFile, plan: PlanFile, folder: Folder) -> None:
    """The analysis frame to the lines of evidence and the verdict."""
    from analysis.stages.compare import compare

    compare(mapping, plan, folder)


@app.command()
def warn(mapping: MappingFile, plan: PlanFile, folder: Folder) -> None:
    """Ratings and events so far to early warning, and what it is worth."""
    from analysis.stages.warn import warn

    warn(mapping, plan, folder)


@app.command()
def multiverse(
    mapping: MappingFile,
    plan: PlanFile,
    folder: Folder,
    replicates: Annotated[
        list[Path] | None, typer.Option(help="each part made by `alliance resample`, if any")
    ] = None,
) -> None:
    """Clean tables to the difference under every combination of reasonable choices."""
    from analysis.stages.multiverse import multiverse

    multiverse(mapping, plan, folder, replicates or ())


@app.command()
def resample(
    mapping: MappingFile,
    plan: PlanFile,
    folder: Folder,
    part: Annotated[int, typer.Option(min=1, help="which part: 1, 2, ...")],
    parts: Annotated[int, typer.Option(min=1, help="of how many")],
    output: Output,
) -> None:
    """One part of the multiverse's resamples, for many machines side by side."""
    from analysis.stages.multiverse import resample

    resample(mapping, plan, folder, part, parts, output)


@app.command()
def synthesise(plan: PlanFile, results: Results, mappings: Mappings) -> None:
    """All datasets' lines of evidence to what they say together."""
    from analysis.stages.synthesise import synthesise

    synthesise(plan, results, mappings)


@app.command()
def process(mapping: MappingFile, plan: PlanFile, folder: Folder) -> None:
    """Scores, events and outcomes to how the relationship went."""
    from analysis.stages.process import process

    process(mapping, plan, folder)


@app.command()
def claims(mapping: MappingFile, plan: PlanFile, ledger: LedgerFile, folder: Folder) -> None:
    """Everything known of a dataset to a verdict on every claim of the ledger."""
    from analysis.stages.claims import answer

    answer(mapping, plan, ledger, folder)


@app.command("gather-claims")
def gather_claims(plan: PlanFile, ledger: LedgerFile, results: Results, mappings: Mappings) -> None:
    """All datasets' verdicts in one table, with those that only all of them together allow."""
    from analysis.stages.claims import gather

    gather(plan, ledger, results, mappings)


@app.command()
def gather(plan: PlanFile, results: Results, mappings: Mappings) -> None:
    """All datasets' estimates and rows together, and the headline numbers."""
    from analysis.stages.gather import gather

    gather(plan, results, mappings)


@app.command()
def draw(mapping: MappingFile, plan: PlanFile, results: Results) -> None:
    """One dataset's figures, SVG and PNG."""
    from analysis.stages.draw import draw

    draw(mapping, plan, results)


@app.command()
def report(plan: PlanFile, results: Results, mappings: Mappings) -> None:
    """The report, the figure across datasets, and the record of what it rests on."""
    from analysis.stages.report import report

    report(plan, results, mappings)


@app.command()
def audit(plan: PlanFile, results: Results, mappings: Mappings) -> None:
    """The programme audit, the tables for a manuscript, and the codebook."""
    from analysis.stages.audit import audit

    audit(plan, results, mappings)


@app.command()
def bundle(
    mapping: Annotated[
        Path | None, typer.Argument(help="a mapping of your own; the plan's datasets without")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="where the archive goes; bundle.zip in the results without")
    ] = None,
    date: Annotated[
        str, typer.Option(help="day of publication, 2026-01-31; the newest commit's without")
    ] = "",
    author: Annotated[
        list[str] | None, typer.Option(help="whose the results are; may be given several times")
    ] = None,
) -> None:
    """Pack a finished run, without any row of data, into one archive ready to deposit."""
    from analysis.stages.bundle import bundle

    print(f"Bundle: {bundle(mapping, output, date, author or [])}")


@app.command()
def simulate(
    programme: Annotated[str, typer.Argument(help="the programme's name")],
    output: Output,
    truth: Annotated[
        Path | None, typer.Option("--truth", help="where its truth goes (JSON)")
    ] = None,
    layout: Annotated[
        str | None,
        typer.Option(help="write it as a tool does: qualtrics, redcap, spss or google_forms"),
    ] = None,
) -> None:
    """A simulated programme's raw files, with known truth; the same bytes every time."""
    from analysis.stages.simulate import simulate

    simulate(programme, output, truth, layout)


@app.command()
def calibrate(
    share: Annotated[
        float, typer.Option("--replicates-share", help="share of the plan's simulated data sets")
    ] = 1.0,
    processes: Annotated[int, typer.Option(min=1, help="processes side by side")] = 2,
    output: Annotated[Path, typer.Option(help="the results folder to write into")] = Path(
        "results"
    ),
    plan: PlanFile = Path("config/config.yaml"),
    scenario: Annotated[
        str | None, typer.Option(help="this scenario alone, into <output>/calibration/")
    ] = None,
    gather: Annotated[
        bool, typer.Option("--gather", help="put the scenarios made one by one together")
    ] = False,
) -> None:
    """Hold every line of evidence to known truth; at one go, exit code 1 if a bar fails."""
    from analysis.stages.calibrate import calibrate, calibrate_scenario, gather_calibration

    if scenario is not None:
        calibrate_scenario(plan, output, share, processes, scenario)
        return
    if gather:
        gather_calibration(output, whole=share == 1)
        return
    raise typer.Exit(calibrate(plan, output, share, processes))


@app.command()
def power(
    advisors: Annotated[int, typer.Option(help="advisors in the study")],
    engagements_per_advisor: Annotated[float, typer.Option(help="engagements of each, on average")],
    reliability_advisee: Annotated[float, typer.Option(help="of the mean over the window")],
    reliability_advisor: Annotated[float, typer.Option(help="of the mean over the window")],
    difference: Annotated[float, typer.Option(help="D between the alliances; 0: equivalence")],
    validity: Annotated[float, typer.Option(help="mean correlation with the outcome")] = 0.30,
    agreement: Annotated[float, typer.Option(help="correlation of the two alliances")] = 0.40,
    shared: Annotated[
        tuple[float, float, float],
        typer.Option(help="shares between advisors: outcome, advisee's, advisor's rating"),
    ] = (0.05, 0.15, 0.35),
    between: Annotated[
        tuple[float, float, float],
        typer.Option(help="correlations of these: outcome-advisee, outcome-advisor, both raters"),
    ] = (0.5, 0.5, 0.2),
    occasions: Annotated[int, typer.Option(help="check-ins in the window")] = 3,
    spread: Annotated[float, typer.Option(help="SD of the logarithm of caseloads")] = 0.6,
    target: Annotated[float, typer.Option(help="power to be reached")] = 0.80,
    replicates: Annotated[int, typer.Option(help="simulated data sets per size")] = 500,
    seed: Annotated[int | None, typer.Option(help="of the simulation; the plan's without")] = None,
    output: Annotated[
        Path | None, typer.Option(help="a folder for the curve, as CSV and as a figure")
    ] = None,
    plan: PlanFile = Path("config/config.yaml"),
) -> None:
    """How many advisors a study needs, by simulation with your own reliability and clustering."""
    from analysis.stages.power import power

    power(
        plan,
        output,
        target,
        replicates,
        seed,
        advisors=advisors,
        engagements_per_advisor=engagements_per_advisor,
        reliability=(reliability_advisee, reliability_advisor),
        difference=difference,
        validity=validity,
        agreement=agreement,
        shared=shared,
        between=between,
        occasions=occasions,
        spread=spread,
    )


@app.command()
def document() -> None:
    """Write the data dictionary, the settings' schemas and the README's answers."""
    from analysis.stages.document import document

    document()


@app.command()
def clean() -> None:
    """Remove what runs have generated, and nothing else."""
    from analysis.stages.clean import clean

    clean()


def main() -> None:
    """Run the command; a user's mistake ends with its message, exit code 1, and no traceback."""
    # Set before any stage imports numpy: results are then the same bytes on any number of cores,
    # and jobs side by side do not crowd one another.
    for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[threads] = "1"
    # Which XML library writes a workbook decides on its bytes: the standard one, always.
    os.environ["OPENPYXL_LXML"] = "False"
    for stream in (sys.stdout, sys.stderr):
        # A terminal without a minus sign is told its name: a lost sign would be a wrong number.
        stream.reconfigure(errors="namereplace")
    try:
        join_turn()
        app()
    except UserFault as fault:
        _end_with(fault)
    except OSError as error:
        if (fault := explain_system_fault(error)) is None:
            raise
        _end_with(fault)


def _end_with(fault: UserFault) -> None:
    print(f"alliance: {fault}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
