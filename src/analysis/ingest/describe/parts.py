"""The parts of a proposed mapping: engagements, check-ins, outcomes and events of a view."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analysis.contract.instruments import Instrument
from analysis.contract.undecided import DECIDE
from analysis.ingest.describe import words
from analysis.ingest.describe.answers import Block, find_blocks
from analysis.ingest.describe.columns import Look
from analysis.ingest.describe.page import Unsure, decide
from analysis.ingest.describe.views import EVENT, INSTANCE, View

_PERSON = {"name", "mail", "email", "phone", "address"}
#: Dates of somebody's life are no weeks of an engagement.
_NO_TIME = {"dob", "birth", "birthday", "born"}


def labelled(look: Look, reads: Callable[[str], str | None], remark: str) -> dict:
    """A closed column with a clean value for each of its levels, marked where none is known.

    Words of which most are not known may be anything, people's names among them: they are asked
    for and not repeated. Codes are.
    """
    shown = look.shown
    if 2 * sum(reads(level) is not None for level in shown) < len(shown):
        if not look.numeric:
            return {
                "column": look.name,
                "labels": decide(f"each word and what it stands for: {remark}"),
            }
        shown = sorted(look.levels, key=float)
    labels: dict[str, object] = {}
    for level in shown:
        # One remark is enough for all levels that wait.
        waits = DECIDE if DECIDE in map(_bare, labels.values()) else decide(remark)
        labels[level] = reads(level) or waits
    return {"column": look.name, "labels": labels}


def _bare(value: object) -> object:
    return value.value if isinstance(value, Unsure) else value


def week_of(view: View, near: Iterable[str] = (), week_words: Iterable[str] = ()) -> object | None:
    """The column of weeks (or of dates, which become weeks) that belongs to some columns."""
    near = frozenset(near)
    found = [
        look
        for look in view.looks.values()
        if look.levels
        and ("week" in look.words or "week" in words.words_of(look.question))
        and not look.words & {"ended", "planned"}
        and (not week_words or look.words & set(week_words))
    ]
    if found:
        best = max(found, key=lambda look: len(look.words & near))
        view.take(best.name)
        return best.name
    dates = [look for look in view.looks.values() if look.dated]
    dates = [look for look in dates if not look.words & _NO_TIME and look.name not in view.begins]
    if not dates:
        return None
    best = max(dates, key=lambda look: (len(look.words & near), "timestamp" in look.words))
    view.take(best.name)
    return {"date": best.name}


def find_rater(view: View) -> Look | None:
    """The column that says who answered."""
    for look in view.looks.values():
        if look.closed and not look.words & _PERSON:
            who = {words.role_of(level) for level in look.shown}
            if {"advisee", "advisor"} <= who:
                return look
    return None


def find_phase(view: View) -> Look | None:
    """The column that says when an outcome was taken."""
    for look in view.looks.values():
        if look.closed and len(look.levels) > 1:
            when = [words.phase_of(level) for level in look.shown]
            if all(when):
                return look
    return None


def propose_engagements(view: View) -> dict:
    """The part that makes engagements of a view with identifiers of both sides."""
    columns: dict[str, object] = {"engagement_id": view.engagement or decide("which column?")}
    for who in ("advisee", "advisor"):
        name = _identifier(view, who)
        columns[f"{who}_id"] = name or decide(f"the column of the {who}'s code")
        if name:
            view.take(name)
    organisation = _first(view, lambda look: look.words & {"organisation", "organization"})
    if organisation and organisation.coded:
        columns["organisation_id"] = organisation.name
        view.take(organisation.name)
    told = words.setting_of(" ".join(view.looks))
    setting = Unsure(told, "the kind of advising; right?") if told else decide("kind of advising")
    columns["setting"] = {"value": setting}
    start = _first(view, lambda look: look.dated and look.name.casefold().startswith("start"))
    columns |= _state(view)
    part: dict[str, object] = {"source": view.source}
    if where := _narrowed(view, columns["advisor_id"]):
        part["where"] = where
    if start:
        part["start"] = start.name
        view.take(start.name)
        view.begins.add(start.name)
    return part | {"columns": columns}


def _state(view: View) -> dict[str, object]:
    """How engagements stand, what is at stake, and the covariates that claims know."""
    columns: dict[str, object] = {}

    def note(clean: str, look: Look | None, value: object = None) -> None:
        if look is not None:
            columns[clean] = look.name if value is None else value
            view.take(look.name)

    planned = _first(view, lambda look: "planned" in look.words and look.numeric)
    note("planned_checkins", planned)
    stakes = _first(view, lambda look: look.words & {"stakes", "priority"} and look.closed)
    if stakes:
        note("stakes", stakes, labelled(stakes, words.stakes_of, "low, medium or high"))
    status = _first(view, lambda look: "status" in look.words and look.closed)
    if status:
        remark = "completed, ended_early or ongoing"
        note("status", status, labelled(status, words.status_of, remark))
    ended = _first(
        view, lambda look: look.words & {"end", "ended", "closed"} and "week" in look.words
    )
    if ended is None or not ended.numeric:
        ended = _first(view, lambda look: look.dated and look.name.casefold().startswith("end"))
        note("ended_week", ended, ended and {"date": ended.name})
        view.begins.update({ended.name} if ended else ())
    else:
        note("ended_week", ended)
    years = _first(
        view, lambda look: "years" in look.words and words.role_of(look.name) == "advisor"
    )
    note("advisor_years", years, years and {"column": years.name, "kind": "number"})
    level = _first(
        view, lambda look: "level" in look.words and words.role_of(look.name) == "advisee"
    )
    if level and level.closed:
        wordy = not level.numeric or level.labels
        reads = words.slug if wordy else lambda _: None
        note("advisee_level", level, labelled(level, reads, "what this level is"))
    return columns


def propose_checkins(
    view: View, keys: Iterable[Instrument]
) -> tuple[list[dict], dict[str, object], list[str]]:
    """Parts that make check-ins, rater to instrument, and remarks on blocks without one."""
    parts, instruments, remarks = [], {}, []
    rater = find_rater(view)
    keys = list(keys)
    for block in find_blocks(view.free()):
        fits = block.fitting(keys)
        if not fits:
            if block.items > 4:
                remarks.append(
                    f"{view.source}: {block.pattern} looks like {block.items} items, and no key of "
                    "that size and range is known (alliance instrument check looks over your own)"
                )
            continue
        view.take(*block.columns)
        also = ", ".join(key.name for key in fits[1:])
        key = Unsure(
            fits[0].name,
            f"by number of items and range; it could be {also}"
            if also
            else "by number of items and range; right?",
        )
        part, raters = _checkin_part(view, block, rater)
        parts.append(part)
        instruments |= dict.fromkeys(raters, key)
    return parts, instruments, remarks


def _checkin_part(view: View, block: Block, rater: Look | None) -> tuple[dict, list[str]]:
    part: dict[str, object] = {"source": view.source}
    where = dict(view.where)
    columns: dict[str, object] = {"engagement_id": view.engagement or decide("which column?")}
    own = words.role_of(block.pattern.replace("{checkin}", " ").replace("{item}", " "))
    if rater is not None and own is None:
        told = {level: words.role_of(level) for level in rater.shown}
        raters = {level: who for level, who in told.items() if who in ("advisee", "advisor")}
        if len(raters) < len(told):
            where[rater.name] = list(raters)
        columns["rater"] = {"column": rater.name, "labels": raters}
        view.take(rater.name)
        who = list(raters.values())
    elif own in ("advisee", "advisor"):
        columns["rater"] = {"value": own}
        who = [own]
    else:
        columns["rater"] = {"value": decide("who answered: advisee or advisor")}
        who = ["advisee"]
    if where:
        part["where"] = where
    if block.checkins:
        part["each"] = {"checkin": list(block.checkins)}
        columns["occasion"] = {"value": "{checkin}"}
        week = _side_week(view, block)
    else:
        occasion = view.looks.get(INSTANCE) or _first(
            view,
            lambda look: look.words & words.OCCASION and look.numeric and min(look.numbers) >= 1,
        )
        columns["occasion"] = (
            occasion.name if occasion else {"value": decide("which check-in, 1, 2, ...")}
        )
        if occasion:
            view.take(occasion.name)
        week = week_of(view, words.words_of(block.pattern))
    if week is not None:
        columns["week"] = week
    part["columns"] = columns
    part["items"] = block.pattern
    if not block.numeric:
        part["answers"] = _answers(block)
    return part, who


def _answers(block: Block) -> object:
    """The words of a known scale with their numbers; others are asked for and not repeated."""
    known = {word: number for number, word in enumerate(block.scale, 1)}
    if not known:
        return decide("each word and its number, such as {Agree: 4}")
    first, *more = sorted(block.answers, key=lambda word: known[word.casefold()])
    answers = {word: known[word.casefold()] for word in (first, *more)}
    return answers | {first: Unsure(answers[first], "lowest first; right?")}


def _side_week(view: View, block: Block) -> str | None:
    """A column of weeks for each of the check-ins that lie side by side."""
    before = block.pattern.partition("{checkin}")
    first = block.checkins[0]
    for look in view.free().values():
        about = "week" in look.words or "week" in words.words_of(look.question)
        start = f"{before[0]}{first}".replace("{{", "{").replace("}}", "}")
        if about and look.name.startswith(start):
            pattern = f"{before[0]}{{checkin}}{look.name.removeprefix(start)}"
            names = [pattern.format(checkin=number) for number in block.checkins]
            if all(name in view.looks for name in names):
                view.take(*names)
                return pattern
    return None


def propose_outcomes(view: View) -> tuple[list[dict], list[str]]:
    """Parts that make outcomes, one for each column, and the outcomes' names."""
    parts: list[dict] = []
    named: list[str] = []
    rater = find_rater(view) or _role_column(view)
    phase = view.looks.get(EVENT) or find_phase(view)
    for look in list(view.free().values()):
        outcome = words.outcome_of(look.name)
        yes_no = {level.casefold() for level in look.shown} <= {"yes", "no"} and not look.numeric
        if outcome is None or not (look.numeric or yes_no) or look.dated:
            continue
        columns: dict[str, object] = {
            "engagement_id": view.engagement or decide("which column?"),
            "outcome": {"value": outcome},
        }
        own, when = words.role_of(look.name), words.phase_of(look.name)
        part: dict[str, object] = {"source": view.source}
        where = {name: values for name, values in view.where.items() if values != [""]}
        if own is not None or rater is None:
            columns["source"] = {
                "value": Unsure(own, "by its name; right?")
                if own
                else decide("advisee, advisor, third_party or record")
            }
        else:
            columns["source"] = labelled(rater, words.role_of, "who gave it")
        if when is None and phase is not None:
            columns["phase"] = labelled(phase, words.phase_of, "baseline, end or follow_up")
            if phase.name == EVENT:
                filled = view.raw.cells[look.name].str.strip() != ""
                where[EVENT] = sorted(set(view.raw.cells.loc[filled, EVENT].str.strip()))
                labels = columns["phase"]["labels"]
                columns["phase"]["labels"] = {one: labels[one] for one in where[EVENT]}
        else:
            columns["phase"] = {
                "value": Unsure(when, "by its name; right?")
                if when
                else decide("baseline, during, end or follow_up")
            }
        near = words.PHASE_WORDS[when] if when else ()
        if (week := week_of(view, look.words, near)) is not None:
            columns["week"] = week
        if yes_no:
            labels = {one: int(one.casefold() == "yes") for one in look.shown}
            columns["value"] = {"column": look.name, "labels": labels}
        else:
            columns["value"] = look.name
        if where:
            part["where"] = where
        parts.append(part | {"columns": columns})
        named.append(outcome)
        view.take(look.name, *(one.name for one in (rater, phase) if one))
    return parts, named


def propose_events(view: View) -> dict | None:
    """The part that makes events of a view that lists them."""
    event = _first(view, lambda look: sum(map(bool, map(words.event_of, look.shown))) >= 3)
    event = event or _first(
        view,
        lambda look: (
            look.words & {"event", "incident"}
            and look.closed
            and len(look.levels) > 3
            and look.name != EVENT
            and len(look.words) == 1
        ),
    )
    if event is None:
        return None
    view.take(event.name)
    columns: dict[str, object] = {"engagement_id": view.engagement or decide("which column?")}
    occasion = _first(
        view, lambda look: look.words & words.OCCASION and look.numeric and look.name != INSTANCE
    )
    if occasion:
        columns["occasion"] = occasion.name
        view.take(occasion.name)
    else:
        columns["week"] = week_of(view) or decide("the column of its week")
    columns["event"] = labelled(event, words.event_of, "which event (docs/data-dictionary.md)")
    by = find_rater(view) or _first(view, lambda look: look.words & {"by", "noted", "reported"})
    columns["source"] = (
        labelled(by, words.role_of, "advisee, advisor, third_party or record")
        if by
        else {"value": decide("who noted it")}
    )
    if by:
        view.take(by.name)
    valence = _first(view, lambda look: "valence" in look.words and look.numeric)
    cause = _first(view, lambda look: look.words & {"cause", "about"} and look.closed)
    answers = _first(view, lambda look: look.words & {"responds", "answers"} and look.closed)
    if valence:
        columns["valence"] = valence.name
    if cause:
        columns["cause"] = labelled(cause, words.cause_of, "what it was about")
    if answers:
        columns["responds_to"] = labelled(answers, words.event_of, "which event it answers")
    view.take(*(look.name for look in (valence, cause, answers) if look))
    part: dict[str, object] = {"source": view.source}
    if view.where:
        part["where"] = dict(view.where)
    return part | {"columns": columns}


def has_both_sides(view: View) -> bool:
    """Whether a view has identifiers of advisors and of advisees."""
    return bool(_identifier(view, "advisee") and _identifier(view, "advisor"))


def _identifier(view: View, who: str) -> str | None:
    for look in view.free().values():
        own = look.words & words.ROLE_WORDS[who]
        if own and look.coded and not look.words - own - words.BESIDE_CODES:
            return look.name
    return None


def _role_column(view: View) -> Look | None:
    """A column of who answered where only one of both sides did."""
    for look in view.free().values():
        about = look.words & {"role", "respondent", "who", "rater"}
        if look.closed and about and all(map(words.role_of, look.shown)):
            return look
    return None


def _narrowed(view: View, identifier: object) -> dict[str, list[str]]:
    """What chooses the rows in which engagements stand."""
    if EVENT not in view.looks or not isinstance(identifier, str):
        return {name: values for name, values in view.where.items() if values != [""]}
    filled = view.raw.cells[identifier].str.strip() != ""
    return {EVENT: sorted(set(view.raw.cells.loc[filled, EVENT].str.strip()))}


def _first(view: View, fits: Callable[[Look], object]) -> Look | None:
    return next((look for look in view.free().values() if fits(look)), None)
