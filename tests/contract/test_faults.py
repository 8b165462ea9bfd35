from analysis.contract.faults import nearest, several


def test_a_long_list_shows_twenty_and_counts_the_rest():
    message = str(several("t: wrong.", [f"fault {number}" for number in range(25)]))
    assert message.count("\n  - ") == 20
    assert message.endswith("... and 5 more")


def test_the_nearest_name_is_offered_with_all_there_are():
    assert nearest("Enagement", ["Engagement", "Role"]).startswith("did you mean 'Engagement'?")
    assert "There are: Engagement, Role" in nearest("zzz", ["Engagement", "Role"])
    assert "none" in nearest("zzz", [])
