"""report.html of a run that scored a stream: what was caught is seen, and nothing is lost."""

from __future__ import annotations

import json
import random
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.cli.html_report import render, write_html
from penstock.cli.html_report.catch import caught
from penstock.cli.html_report.dates import date_ticks
from penstock.cli.html_report.scale import compact
from penstock.cli.html_report.strokes import curve, dots
from tests.pages import HOSTILE, read, words
from tests.reports import scored_report, series, whole_report, write_anomaly
from tests.unit.test_html_report import damage


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("run")
    write_anomaly(made)
    return made


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return write_html(scored_report(), folder).read_text()


def figure(page: str, name: str) -> str:
    """The picture of one series, as HTML."""
    found = [
        text
        for text in re.findall(r'<figure class="signal">.*?</figure>', page, flags=re.DOTALL)
        if f"<b>{name}</b>" in text
    ]
    assert len(found) == 1, name
    return str(found[0])


def with_anomaly(folder: Path, **changes: Any) -> str:
    report = scored_report()
    report["anomaly"].update(changes)
    return words(render(report, folder))


def drawn(tmp_path: Path, **changes: Any) -> str:
    """The page of a run with one series that differs from a quiet one."""
    document = {"threshold": 1.5, "series": [{**series("a", 50, seed=1), **changes}]}
    (tmp_path / "anomaly.json").write_text(json.dumps(document))
    return render(scored_report(), tmp_path)


def test_the_first_sentence_and_the_tiles_say_what_was_caught(page: str) -> None:
    told = words(page)
    said = "2 of 3 labelled windows were caught, with 15 alerts, 5 of them outside the labelled"
    assert said in told[:300]
    section = words(page[page.index('<section id="anomaly">') :])
    for tile in ("Windows caught 2 of 3", "Alerts 15", "False alerts 5", "Scored 912", "letters 2"):
        assert tile in section[:700], tile
    assert "Windows were missed in cpu/web-1." in section[:200]
    assert "44 (window not full) and 4 (gap)" in section
    assert "same place" not in section


def test_the_section_is_the_first_after_the_headline(page: str) -> None:
    assert re.findall(r'<section id="(\w+)">', page)[0] == "anomaly"


def test_each_series_says_what_was_caught_of_it(page: str) -> None:
    assert (
        "cpu/web-1 2 of 3 windows caught, 11 alerts, 1 outside a window, 1 window not scored"
        in words(figure(page, "cpu/web-1"))
    )
    assert "cpu/web-2 no alerts, 1 window not scored" in words(figure(page, "cpu/web-2"))


def test_labelled_windows_are_told_apart_by_colour_and_by_sign(page: str) -> None:
    web = figure(page, "cpu/web-1")
    values = web[: web.index('class="panel scores"')]
    assert re.findall(r'class="window (\w+)"', values) == ["unscored", "hit", "missed", "hit"]
    assert re.findall(r'class="flag \w+"[^>]*>(.)', web) == ["○", "✔", "✘", "✔"]


def test_bands_and_the_trained_part_lie_at_their_times(page: str) -> None:
    web = figure(page, "cpu/web-1")
    places = re.findall(r'class="window \w+" style="left:([\d.]+)%;width:([\d.]+)%"', web)
    assert [(round(float(left)), round(float(width))) for left, width in places[:4]] == [
        (20, 2),
        (65, 3),
        (75, 3),
        (90, 3),
    ]
    assert float(re.findall(r'class="trained" style="width:([\d.]+)%"', web)[0]) == pytest.approx(
        60, abs=0.2
    )
    assert "the model was trained on this part" in words(web)


def test_alerts_outside_the_windows_are_marked_as_such(page: str) -> None:
    web, requests = figure(page, "cpu/web-1"), figure(page, "requests/lb-1")
    assert len(spots(web, "right")) == 10
    assert len(spots(web, "wrong")) == 1
    assert (spots(requests, "right"), len(spots(requests, "wrong"))) == ([], 4)


def spots(picture: str, kind: str) -> list[str]:
    """Where one kind of alert is marked on the values."""
    values = picture[: picture.index('class="panel scores"')]
    paths = re.findall(rf'd="([^"]+)" class="alert {kind} above"', values)
    return [spot for path in paths for spot in path.split("M") if spot]


def test_series_in_which_nothing_happened_are_folded_at_the_end(page: str) -> None:
    section = page[page.index('<section id="anomaly">') : page.index('<section id="steps">')]
    unfolded, _, folded = section.partition("<details>")
    assert re.findall(r"<b>([^<]+)</b>", unfolded) == ["cpu/web-1", "cpu/web-2", "requests/lb-1"]
    assert re.findall(r"<b>([^<]+)</b>", folded) == ["bytes/db-1"]
    assert "1 series without an alert or a labelled window" in words(folded)


def test_no_alert_is_called_false_where_nothing_was_labelled(tmp_path: Path) -> None:
    report = scored_report()
    report["anomaly"].update(windows=None, false_alerts=None, alerts=1)
    document = {"threshold": 1.5, "series": [{**series("a", 50, seed=1), "alerts": [40]}]}
    (tmp_path / "anomaly.json").write_text(json.dumps(document))
    page = render(report, tmp_path)
    told = words(page)
    assert "The scores raised 1 alert; nothing was labelled to judge them by." in told
    assert "a 1 alert" in words(figure(page, "a"))
    for word in ("outside", "False alerts", "Windows caught", "missed"):
        assert word not in told, word


def test_without_a_picture_the_figures_are_there_all_the_same(tmp_path: Path) -> None:
    told = words(render(scored_report(), tmp_path))
    assert "nothing to draw" in told
    assert "cpu/web-1 240 228 11 3 2" in told


def test_a_run_that_broke_off_before_it_counted_shows_the_series(folder: Path) -> None:
    report = {**scored_report(), "anomaly": None}
    page = render(report, folder)
    assert "2 of 3 windows caught" in words(figure(page, "cpu/web-1"))
    assert "F1 on the labelled test rows is 0.5714" in words(page)


def test_a_run_without_a_scored_stream_has_no_such_section(tmp_path: Path) -> None:
    page = render(whole_report(), tmp_path)
    assert 'id="anomaly"' not in page
    assert "Scored as it flows" not in words(page)
    assert "labelled window" not in words(page)


def test_what_a_model_of_scores_does_not_have_is_left_out(page: str) -> None:
    told = words(page)
    for heading in ("Confusion matrix", "Learning curve", "ccuracy", "onitor", "apture"):
        assert heading not in told, heading
    assert "score the stream is scored as it flows" in told


def test_the_way_of_the_data_has_the_scored_stream(page: str) -> None:
    way = words(page[page.index('<section id="way">') :])
    order = [
        way.index(text)
        for text in (
            "Scored as it flows",
            "960 points Scorer",
            "2 to the dead-letter queue",
            "48 without a score",
            "912 scores Scores",
            "15 alerts",
            "From the lake to the endpoint",
            "asked about 120 rows, mean score 0.9312",
        )
    ]
    assert order == sorted(order)


def test_a_monitor_of_such_a_run_is_shown(folder: Path) -> None:
    report = scored_report()
    report["monitor"] = {"reference_batch": {"rows": 120, "violations": 0}, "alarm": "OK"}
    report["endpoint"]["captured"] = 4
    told = words(render(report, folder))
    for said in (
        "The monitor found no violations in 120",
        "4 requests Capture",
        "120 rows Monitor",
    ):
        assert said in told, said


def test_nothing_from_the_data_becomes_markup(tmp_path: Path) -> None:
    window = {"from": HOSTILE, "to": HOSTILE, "hit": HOSTILE}
    report = scored_report()
    report["anomaly"]["by_series"][0]["name"] = HOSTILE
    report["anomaly"]["skipped"] = {HOSTILE: 3}
    document = {"series": [{**series(HOSTILE, 50, seed=1), "windows": [window]}]}
    (tmp_path / "anomaly.json").write_text(json.dumps(document))
    page = render(report, tmp_path)
    reader = read(page)
    assert (reader.wrong, reader.open, reader.scripts) == ([], [], 1)
    assert "<script>alert" not in page
    assert words(page).count("alert('x')") >= 3


def test_it_is_one_well_formed_file_that_needs_no_network(page: str) -> None:
    reader = read(page)
    assert (reader.wrong, reader.open, reader.scripts) == ([], [], 1)
    loading = page.replace("http://www.w3.org/2000/svg", "")
    for word in ("http:", "https:", "@import", "url(", "<link", "<img", "<iframe"):
        assert word not in loading, word


def test_many_long_series_make_a_page_of_bounded_size(tmp_path: Path) -> None:
    entries = [series(f"series {place}", 4000, seed=place) for place in range(17)]
    for entry in entries:
        entry["alerts"] = list(range(2400, 4000, 20))
    (tmp_path / "anomaly.json").write_text(json.dumps({"threshold": 1.0, "series": entries}))
    assert write_html(scored_report(), tmp_path).stat().st_size < 1_500_000


def test_a_spike_of_one_point_among_twenty_thousand_is_drawn(tmp_path: Path) -> None:
    quiet = series("a", 20_000, seed=1)
    quiet["values"][12_345] = 1000.0
    quiet["values"][12_347] = -1000.0
    quiet["alerts"] = [12_345]
    page = drawn(tmp_path, **quiet)
    (path,) = re.findall(r'd="([^"]+)" class="curve"', figure(page, "a"))[:1]
    heights = [int(y) for y in re.findall(r"[V,](\d+)", path)]
    # room is left above and below the extremes
    assert min(heights) == pytest.approx(21, abs=2)
    assert max(heights) == pytest.approx(379, abs=2)
    assert spots(figure(page, "a"), "wrong") == [f"{int(12_345 / 19_999 * 999)},{min(heights)}h0"]
    assert len(path) < 30_000


@given(st.lists(st.integers(0, 400), min_size=1, max_size=300), st.integers(1, 50))
def test_a_curve_has_the_extremes_of_every_column(heights: list[int], columns: int) -> None:
    places = [(place * columns / len(heights), y) for place, y in enumerate(heights)]
    extremes: dict[int, set[int]] = {}
    for at, piece in re.findall(r"[ML](\d+),([\dVh]+)", curve(places)):
        ends = {int(y) for y in piece.removesuffix("h0").replace("h0V", "V").split("V")}
        assert len(ends) <= 2
        extremes[int(at)] = ends
    expected = {
        column: {y for x, y in places if int(x) == column} for column in {int(x) for x, _ in places}
    }
    assert extremes == {column: {min(ys), max(ys)} for column, ys in expected.items()}


def test_a_curve_is_interrupted_where_nothing_is_known() -> None:
    assert curve([(0, 5), (1, None), (2, 7), (3, 8)]) == "M0,5h0M2,7h0L3,8"
    assert curve([(0, 5), (0.5, None), (1, 7)]) == "M0,5h0L1,7"
    assert curve([(0, None)]) == ""


def test_marks_on_the_same_spot_are_one() -> None:
    assert dots([(1.2, 3.4), (1.4, 3.1), (2, 3)]) == "M1,3h0M2,3h0"


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (0, 86400 * 10, ["1 Jan 1970", "3 Jan"]),
        (3000, 6600, ["1 Jan 1970 01:00", "1 Jan 01:15"]),
        (86400 * 10, 86400 * 400, ["1 Mar 1970", "1 May"]),
        (0, 86400 * 365 * 40, ["1 Jan 1970", "1 Jan 1980"]),
        (5, 5, ["1 Jan 1970 00:00"]),
    ],
)
def test_dates_on_the_axis_are_round(first: float, last: float, expected: list[str]) -> None:
    found = date_ticks(first, last)
    assert all(first <= at <= last for at, _ in found)
    assert len(found) <= 14
    assert [name for _, name in found[:2]] == expected


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (950, "950"), (2.5e7, "25\u00a0M"), (-3000, "-3\u00a0k")]
)
def test_large_numbers_are_short(value: float, shown: str) -> None:
    assert compact(value) == shown


@pytest.mark.parametrize(
    ("anomaly", "said"),
    [
        (
            {"windows": {"labelled": 1, "hit": 1}, "alerts": 1, "false_alerts": 0},
            "1 of 1 labelled window was caught, with 1 alert, none of them outside the labelled "
            "windows.",
        ),
        (
            {"windows": {"labelled": 0, "hit": 0}, "alerts": 0, "false_alerts": 0},
            "No labelled window was in the scored part; the scores raised no alerts.",
        ),
        (
            {"windows": {"labelled": 2, "hit": 0}, "alerts": 0, "false_alerts": 0},
            "0 of 2 labelled windows were caught, with no alerts.",
        ),
    ],
)
def test_the_sentence_is_true_of_few_and_of_none(anomaly: dict[str, Any], said: str) -> None:
    assert caught(anomaly).replace("\u00a0", " ") == said


@given(st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_reports_and_series_that_lack_anything_are_a_page(chance: random.Random) -> None:
    report = scored_report()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_anomaly(folder, points=60)
        document = json.loads((folder / "anomaly.json").read_text())
        for _ in range(chance.randint(1, 6)):
            damage(report, chance)
            damage(document, chance)
        (folder / "anomaly.json").write_text(json.dumps(document))
        page = render(report, folder)
    assert read(page).wrong == []
    assert not re.search(r"\b(None|nan|inf)\b", words(page))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"series": 5}', '{"series": [{"name": 1}]}'])
def test_a_document_that_is_none_is_no_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "anomaly.json").write_text(text)
    assert "nothing to draw" in words(render(scored_report(), tmp_path))


def test_what_is_not_finite_is_not_drawn(tmp_path: Path) -> None:
    values = [float("nan"), float("inf"), *[1.0] * 48]
    page = drawn(tmp_path, values=values, scores=[float("nan")] * 50)
    assert not re.search(r"\b(nan|inf)\b", page)


def test_a_series_of_one_point_is_drawn(tmp_path: Path) -> None:
    page = drawn(tmp_path, times=["2026-04-10T00:00:00Z"], values=[3.0], scores=[2.0], alerts=[0])
    assert len(spots(figure(page, "a"), "wrong")) == 1


def test_figures_of_the_report_may_be_missing_one_by_one(folder: Path) -> None:
    for name in scored_report()["anomaly"]:
        assert not re.search(r"\bNone\b", with_anomaly(folder, **{name: None})), name
