"""The methods as run: every number is the plan's, every work cited is listed, and no other."""

import re

from analysis.contract.plan import ComparisonPlan, MultiversePlan
from analysis.present.methods import REFERENCES, Sample, describe_methods

SAMPLE = Sample(
    "Coaching <b>",
    {"advisee": "WAI-S", "advisor": "WAI-S"},
    "goal attainment, given by a third party",
    404.0,
    60.0,
    "organisations",
)


def cited(text):
    """Works cited in brackets, by name and year."""
    names = r"[A-Z]\w+(?: et al\.| & [A-Z]\w+)?, \d{4}"
    return {name.replace("in ", "") for name in re.findall(names, text)}


def test_works_cited_are_those_listed(plan):
    part = describe_methods(plan, [SAMPLE, SAMPLE])
    text = " ".join(part.paragraphs)
    assert cited(text) == {name for name, entry in REFERENCES.items() if entry in part.references}
    assert len(part.references) == len(set(part.references)) > 15
    for entry in part.references:
        assert re.search(r"\(\d{4}\)\.", entry)


def test_the_plans_own_numbers_are_named(plan):
    comparison = ComparisonPlan(
        window=(2, 4), sesoi=0.15, resamples=777, folds=7, repeats=3, imputations=11, shifts=(0.3,)
    )
    changed = plan.model_copy(update={"comparison": comparison})
    text = " ".join(describe_methods(changed, [SAMPLE]).paragraphs)
    for said in ("check-ins 2 and 4", "±.15", "777 resamples", "3 times 7-fold", "11 imputations"):
        assert said in text
    assert "shifted by 0.3 standard" in text
    assert "404 engagements with 60 organisations" in text
    assert "leaves out one organisation at a time" in text
    assert "WAI-S by the advisee and the advisor" in text


def test_what_was_not_done_is_not_told(plan):
    alone = describe_methods(plan, [SAMPLE])
    assert "random effects" not in " ".join(alone.paragraphs)
    assert not any("Knapp" in entry for entry in alone.references)
    assert "Specification curve" not in " ".join(alone.references)
    several = plan.model_copy(update={"multiverse": MultiversePlan(windows=((1,),))})
    told = describe_methods(several, [SAMPLE])
    assert "2 windows of check-ins" in " ".join(told.paragraphs)
    assert any("Specification curve" in entry for entry in told.references)
