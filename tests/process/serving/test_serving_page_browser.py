"""The page in headless Chromium: every control and every answer, many rows, feedback, a token, the keyboard, a phone, and axe.

Screenshots are kept under build/screenshots.
"""

import base64
import csv
import gzip
import io
import json
import re
import time

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from page_browser import CHROMIUM, FLAGS, PATIENCE, Browser, Serving
from page_models import HOSTILE, PASSAGE, Gallery, Reader, tone, wav
from PIL import Image
from playwright.sync_api import expect, sync_playwright
from protocol_cases import Path

from daybreak.rollout.verdict import Verdict
from daybreak.serving import tokens
from daybreak.serving.experiment import reporting
from daybreak.serving.guard import TOKENS
from daybreak.serving.watch import standing
from daybreak.testing import packages

MNIST = Path(__file__).parents[4] / "shared/data/mnist"
CAPTURED = 620.0  # hertz that the microphone hears
expect.set_options(timeout=PATIENCE)
LOADED = """new Promise((done) => {
  const asked = () => performance.getEntriesByType("resource").filter((one) => /(drift|ab|examples)$/.test(one.name)).length;
  const look = () => (asked() >= 3 ? done() : setTimeout(look, 20));
  look();
})"""
SHIFTS = """new Promise((done) => {
  const sum = (list) => list.getEntries().reduce((all, one) => all + one.value, 0);
  new PerformanceObserver((list) => done(sum(list))).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(0), 250);
})"""

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed on this machine (tools/browser.py does it)"),
]


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    base = tmp_path_factory.mktemp("page")
    packages.mlp_columns(base / "income")
    opened = Serving(base / "home")
    opened.add("income", base / "income")
    opened.add("gallery", Gallery())
    opened.add("answers", Reader())
    if MNIST.is_dir():
        packages.mnist(base / "mnist", MNIST / "mnist.onnx", list(pictures()[0][:6]))
        opened.add("mnist", base / "mnist")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    heard = tmp_path_factory.mktemp("microphone") / "tone.wav"
    heard.write_bytes(wav(tone(CAPTURED, 5.0, 48_000), 48_000))
    with sync_playwright() as playwright:
        flags = [*FLAGS, f"--use-file-for-fake-audio-capture={heard}"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def windows(chromium, serving):
    return Browser(chromium, serving)


@pytest.fixture
def browser(windows):
    yield windows
    assert not windows.leave()


needs_mnist = pytest.mark.skipif(not MNIST.is_dir(), reason="the shared data with MNIST is not here")


def pictures():
    def unpacked(name, offset):
        return np.frombuffer(gzip.decompress((MNIST / name).read_bytes()), np.uint8, offset=offset)

    images = unpacked("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    return images, unpacked("t10k-labels-idx1-ubyte.gz", 8)


def png(pixels):
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "PNG", compress_level=1)
    return held.getvalue()


def headline(page):
    """What the answer says first."""
    expect(page.locator("#answer .headline").first).to_be_visible()
    return page.locator("#answer .headline").first.inner_text()


def ask(page):
    page.get_by_role("button", name="Ask the model").click()


def output(page, name):
    return page.locator(".output").filter(has=page.get_by_role("heading", name=name))


def findings(page):
    """What axe finds serious or critical."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")]


def sideways(page):
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


# Every kind of input and answer


def test_every_control_is_filled_in_by_a_person_and_every_answer_is_shown(browser, tmp_path):
    page = browser.visit("gallery")
    page.get_by_label("weight", exact=False).first.fill("2,5")
    page.get_by_label("count").first.fill("4")
    page.get_by_label("fresh").check()
    page.get_by_label("ripe").select_option("no")
    page.get_by_label("colour").select_option(HOSTILE)
    page.get_by_label("passage").fill(PASSAGE)
    page.get_by_label("word").fill("Westminster")
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[:, :20] = (250, 0, 0)
    page.get_by_label("picture").first.set_input_files(
        {"name": "p.png", "mimeType": "image/png", "buffer": png(pixels)}
    )
    page.get_by_label("sound").last.set_input_files(
        {"name": "a.wav", "mimeType": "audio/wav", "buffer": wav(tone(440))}
    )
    page.get_by_label("matrix").fill("1, 2, 3\n4 5 6.5")
    expect(page.get_by_role("img", name="a recording of 1.0 seconds")).to_be_visible()
    ask(page)
    assert headline(page).startswith(HOSTILE)
    assert "10 €" in output(page, "price").inner_text().replace("\n", " ")
    assert "between 9 and 12 €" in output(page, "price").inner_text()
    assert "WESTMINSTER" in output(page, "loud").inner_text()
    assert output(page, "found").locator("mark").inner_text() == "Westminster"
    assert "13" in output(page, "double").locator("td").all_inner_texts()
    assert output(page, "pitch").locator(".headline").inner_text().startswith("440")
    mirrored = Image.open(
        io.BytesIO(base64.b64decode(output(page, "mirrored").locator("img").get_attribute("src").partition(",")[2]))
    )
    assert (mirrored.size, mirrored.getpixel((79, 0)), mirrored.getpixel((0, 0))) == ((80, 60), (250, 0, 0), (0, 0, 0))
    assert page.title() == "gallery", "what a model is called and says stays text"
    browser.shot(page, "every-kind")


def test_an_example_fills_the_form_and_shows_what_is_right(browser):
    page = browser.visit("gallery")
    page.locator("[data-example='0']").click()
    assert headline(page).startswith("green")
    assert page.locator(".known").all_inner_texts() == ["Right verdict: red", "Right price: 12 €"]
    assert page.get_by_label("word").input_value() == "Hastings"
    assert "gallery 3, in " in page.locator("#told").inner_text()
    page.get_by_text("The same from a program").click()
    sent = re.search(r"-d '(.*)'$", page.locator("#curl").inner_text(), re.DOTALL)[1]
    assert json.loads(sent)["matrix"] == [[1, 2, 3], [4, 5, 6]]
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()


def test_the_microphone_is_heard_and_the_camera_seen(browser):
    page = browser.visit("gallery")
    page.locator("[data-example='0']").click()
    headline(page)
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    page.evaluate("new Promise((done) => setTimeout(done, 600))")  # what is recorded takes its time
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("img", name=re.compile("a recording of [0-9.]+ seconds"))).to_be_visible()
    page.get_by_role("button", name="Camera").click()
    page.get_by_role("button", name="Take the picture").click()
    expect(page.get_by_role("button", name="Camera")).to_be_visible()
    expect(page.locator("img.shown")).to_have_attribute("src", re.compile("^data:image/png"))
    with page.expect_response("**/predict") as answer:
        ask(page)
    told = answer.value.json()["prediction"]
    assert abs(told["pitch"] - CAPTURED) < 20
    size = Image.open(io.BytesIO(base64.b64decode(told["mirrored"].partition(",")[2]))).size
    assert size == (640, 480)


def test_an_answer_is_marked_in_its_passage(browser):
    for dark in (False, True):
        page = browser.visit("answers", dark=dark)
        page.locator("[data-example='0']").click()
        assert headline(page).startswith("1066")
        assert page.locator(".passage mark").inner_text() == "1066"
        assert page.locator(".passage").inner_text() == PASSAGE
        browser.shot(page, f"question-answering-{'dark' if dark else 'light'}")
    page.get_by_role("textbox", name="passage").fill(
        "🙂 It ended at Ely."
    )  # a letter that is two in UTF-16, and one to the model
    page.get_by_label("question").fill("Where did it end?")
    ask(page)
    expect(page.locator(".passage mark")).to_have_text("Ely")


@needs_mnist
def test_a_digit_that_is_drawn_is_told(browser):
    page = browser.visit("mnist")
    box = page.locator("canvas.pad").bounding_box()

    def line(*points):
        first, *others = [(box["x"] + x, box["y"] + y) for x, y in points]
        page.mouse.move(*first)
        page.mouse.down()
        for point in others:
            page.mouse.move(*point, steps=6)
        page.mouse.up()

    line((75, 70), (200, 70), (120, 225))
    ask(page)
    assert headline(page).startswith("7")
    browser.shot(page, "mnist-drawn")
    page.locator(".drawing").get_by_role("button", name="Clear").click()
    line((60, 60), (100, 55))  # away from the middle: it is put there
    line((75, 45), (75, 130))
    page.locator(".drawing").get_by_role("button", name="Clear").click()
    line((60, 45), (60, 130))
    ask(page)
    expect(page.locator("#answer .headline").first).to_contain_text("1")


@needs_mnist
def test_all_10_000_test_images_are_told_as_by_rest(browser, tmp_path):
    """By the page's own file of rows: read, cut in parts, sent, compared and counted by its script."""
    images, labels = pictures()
    lines = [f"{base64.b64encode(png(image)).decode()},{label}" for image, label in zip(images, labels, strict=True)]
    page = browser.visit("mnist")
    page.get_by_label("Many rows").check()
    file = tmp_path / "digits.csv"
    file.write_text("\n".join(["image,digit", *lines]))
    page.get_by_label("File of rows").set_input_files(file)
    page.get_by_role("button", name="Ask for all").click()
    expect(page.locator("#answer .headline")).to_have_text("9,891 of 10,000 right (98.9 %)")
    files = [{"name": f"{place}.png", "mimeType": "image/png", "buffer": png(images[place])} for place in range(3)]
    page.get_by_label("File of rows").set_input_files(files)
    page.get_by_role("button", name="Ask for all").click()
    expect(page.locator("#answer .headline")).to_contain_text("3 rows answered")
    told = [row.split("\t")[:2] for row in page.locator("#answer tbody tr").all_inner_texts()]
    assert told == [["0.png", "7"], ["1.png", "2"], ["2.png", "1"]]


# What is wrong


def test_what_is_missing_is_said_beside_each_field(browser):
    page = browser.visit("income")
    ask(page)
    said = page.locator(".field").filter(has_text="Needed for an answer.")
    assert said.locator("label .name").all_inner_texts() == ["age", "job"]
    age = page.get_by_label("age").first
    expect(age).to_be_focused()
    assert age.get_attribute("aria-invalid") == "true"
    assert age.get_attribute("aria-describedby").split()[1] == said.first.locator(".problem").get_attribute("id")
    age.fill("old")
    ask(page)
    assert "A number is needed here, not “old”." in page.locator(".field").first.inner_text()
    browser.shot(page, "what-is-wrong")


def test_what_the_server_refuses_is_said_beside_the_field_that_it_names(browser):
    page = browser.visit("gallery")
    page.locator("[data-example='0']").click()
    headline(page)
    page.get_by_label("count").first.fill("21")
    ask(page)
    expect(page.locator("[data-field=count] .problem")).to_contain_text("0..20")
    expect(page.get_by_label("count").first).to_be_focused()
    page.get_by_label("count").first.fill("20")
    page.get_by_label("matrix").fill("1 2 3")
    ask(page)
    expect(page.locator("[data-field=matrix] .problem")).to_have_text("6 numbers are needed, got 3.")


def test_a_file_that_is_no_picture_and_a_server_that_is_gone(browser):
    page = browser.visit("gallery")
    page.get_by_label("picture").first.set_input_files({"name": "p.png", "mimeType": "image/png", "buffer": b"\x89PNG"})
    expect(page.locator("[data-field=picture] .problem")).to_contain_text("no picture")
    page.locator("[data-example='0']").click()
    headline(page)
    page.context.set_offline(True)
    ask(page)
    expect(page.locator("#problem")).to_contain_text("cannot be reached")


# Many rows


def test_a_table_is_pasted_and_comes_back_with_answers(browser):
    page = browser.visit("income")
    page.get_by_label("Many rows").check()
    page.get_by_label("or paste a table").fill(
        'name;age;hours;gain;job\nAda;39;40;2174;clerk\n"B; C";old;1;0;clerk\nDan;61.5;;0;farmer'
    )
    page.get_by_role("button", name="Ask for all").click()
    assert headline(page) == "2 rows answered, 1 refused"
    assert "'age' is a number" in page.locator("tr.refused").inner_text()
    browser.shot(page, "many-rows")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all as CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert [row["name"] for row in rows] == ["Ada", "B; C", "Dan"]
    assert [row["income"] for row in rows] == ["<=50K", "", ">50K"]
    assert float(rows[0]["income score"]) > 0.5
    assert "age" in rows[1]["problem"]


def test_a_table_without_the_columns_that_are_needed(browser):
    page = browser.visit("income")
    page.get_by_label("Many rows").check()
    page.get_by_role("button", name="Ask for all").click()
    expect(page.locator("#table-problem")).to_have_text("Choose a file, or paste a table.")
    page.get_by_label("or paste a table").fill("a,b\n1,2")
    page.get_by_role("button", name="Ask for all").click()
    expect(page.locator("#table-problem")).to_contain_text("No column is named like an input (age, hours, gain, job)")
    page.get_by_label("or paste a table").fill(
        '{"age": 39, "job": "clerk", "hours": null}\n{"age": 40, "job": "farmer", "hours": 3}'
    )
    page.get_by_role("button", name="Ask for all").click()
    assert headline(page) == "2 rows answered"


# Feedback


def test_a_wrong_answer_is_put_right(browser, serving):
    page = browser.visit("income")
    page.get_by_role("button", name="clerk, age 39").click()
    headline(page)
    page.get_by_role("button", name="Wrong?").click()
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="Wrong?").click()
    page.get_by_label("Right income").select_option("")  # as the example has it until now
    page.get_by_role("button", name="Store").click()
    expect(page.get_by_role("alert").last).to_have_text("Say what would have been right.")
    page.get_by_label("Right income").select_option(">50K")
    page.get_by_label("Note").fill("seen on paper")
    browser.shot(page, "wrong")
    page.get_by_role("button", name="Store").click()
    expect(page.get_by_role("status")).to_have_text("Thank you: the right answer is stored.")
    told = serving.feedback("income")[-1]
    assert (told.kind, told.truth, told.note, told.arm) == ("truth", {"income": ">50K"}, "seen on paper", "champion")
    page.get_by_role("button", name="clerk, age 39").click()
    page.get_by_role("button", name="Right").click()
    expect(page.get_by_role("status")).to_contain_text("noted as right")
    assert serving.feedback("income")[-1].truth == {"income": "<=50K"}


def test_a_right_answer_of_a_passage_is_a_part_of_it(browser, serving):
    page = browser.visit("answers")
    page.locator("[data-example='2']").click()
    headline(page)
    page.get_by_role("button", name="Wrong?").click()
    page.get_by_label("Right answer").fill("in 1071")
    page.get_by_role("button", name="Store").click()
    expect(page.get_by_role("alert").last).to_contain_text("part of the text")
    page.get_by_label("Right answer").fill("until 1070")
    page.get_by_role("button", name="Store").click()
    expect(page.get_by_role("status")).to_contain_text("stored")
    truth = serving.feedback("answers")[-1].truth["answer"]
    assert PASSAGE[truth["start"] : truth["end"]] == truth["text"] == "until 1070"


# Who may look


def test_a_token_opens_the_page_and_stays_in_its_tab(browser, serving):
    place = serving.home / TOKENS
    text = tokens.create(place, "person", ("predict", "feedback", "read"), deployments=("locked",))[1]
    if "locked" not in serving.ports:
        serving.add("locked", Reader())
    page = browser.visit("locked")
    assert PASSAGE[:20] not in page.content()
    assert "passage" not in page.content(), "nothing of the model is told without a token"
    expect(page.get_by_label("Token")).to_be_visible()
    browser.shot(page, "gate")
    assert not findings(page)
    page.get_by_label("Token").fill("dbk_0_0")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_contain_text("not one of this deployment's")
    page.get_by_label("Token").fill(text)
    page.get_by_role("button", name="Open").click()
    page.locator("[data-example='0']").click()
    assert headline(page).startswith("1066")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Model card").click()
    expect(opened.value.get_by_text("What it was made of.")).to_have_css("color", "rgb(1, 2, 3)")
    page.reload()
    expect(page.get_by_role("button", name="Ask the model")).to_be_visible()
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    tokens.revoke(place, "person")


def test_the_card_is_a_link_away(browser):
    page = browser.visit("gallery")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Model card").click()
    expect(opened.value.get_by_text("What it was made of.")).to_have_css("color", "rgb(1, 2, 3)")


# How it stands


def drifting(folder):
    alarms = {"age": "moved by 0.4, more than 0.2"}
    arm = standing.ArmStanding("champion", "income", 1, "drift", "age has moved", alarms, open_rows=3, judged_rows=500)
    (folder / "windows").mkdir()
    standing.write(folder, standing.of_arms(time.time(), (arm,)))


def two_versions(folder):
    arms = tuple(
        reporting.ArmTold(name, role, "income", version, 0.5, 1_200, 900, 0, 0.002)
        for name, role, version in (("champion", "champion", 1), ("spring", "challenger", 2))
    )
    verdict = Verdict("early", "spring is ahead, but chance explains it so far.")
    ratio = reporting.RatioTold((900, 900), (0.5, 0.5), 1.0, False, "")
    shadow = reporting.ShadowTold("quiet", 10, 9, 0.9, 0.5, 1.0, None, 0.0, 0, None, "quiet answers alike.")
    now = time.time()
    reporting.publish(folder, reporting.Report("running", now, now, verdict, arms, (), ratio, (), (shadow,)))


def test_drift_and_the_test_of_versions_are_told_where_there_are_any(browser, serving):
    page = browser.visit("income")
    expect(page.get_by_text("Versions that are compared")).to_be_hidden()
    folder = serving.folder("income")
    drifting(folder)
    two_versions(folder)
    page = browser.visit("income", dark=True)
    expect(page.get_by_text("age: moved by 0.4, more than 0.2")).to_be_visible()
    expect(page.get_by_text("spring is ahead")).to_be_visible()
    expect(page.get_by_text("quiet answers alike.")).to_be_visible()
    assert "50.0 %" in page.get_by_role("row", name=re.compile("spring")).inner_text()
    browser.shot(page, "standing-dark")
    assert not findings(page)
    (folder / "experiment.json").unlink()
    (folder / "windows" / "now.json").unlink()


# For everybody


def test_the_keyboard_alone_does(browser):
    page = browser.visit("income")
    walked = []
    for _ in range(12):
        page.keyboard.press("Tab")
        walked.append(page.evaluate("[document.activeElement].map((one) => one.id || one.value || one.textContent)[0]"))
    assert walked[:3] == ["Skip to the form", "api", "one"]
    assert walked[3].startswith("clerk")
    assert walked[6:] == ["in-0", "in-1", "in-2", "in-3", "Ask the model", "Start over"]
    page.locator("#in-0").focus()
    page.keyboard.type("44")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("te")  # of teacher
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "50K" in headline(page)
    assert page.locator("#answer").get_attribute("aria-live") == "polite"
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Wrong?"
    page.keyboard.press("Enter")
    expect(page.get_by_label("Right income")).to_be_focused()


@needs_mnist
def test_a_digit_is_drawn_with_arrow_keys(browser):
    page = browser.visit("mnist")
    page.locator("canvas.pad").focus()
    for _ in range(10):
        page.keyboard.press("ArrowDown")
    ask(page)
    assert headline(page).startswith("1")


@pytest.mark.parametrize("name", ["income", "gallery", pytest.param("mnist", marks=needs_mnist)])
def test_a_phone_shows_all_without_scrolling_sideways(browser, name):
    page = browser.visit(name, phone=True, dark=name == "income")
    page.evaluate(LOADED)
    assert page.evaluate(SHIFTS) == 0, "nothing moves while it loads"
    assert sideways(page) <= 0
    page.locator("[data-example='0']").click()
    headline(page)
    assert sideways(page) <= 0
    browser.shot(page, f"phone-{name}")
    page.get_by_role("button", name="Wrong?").click()
    page.get_by_label("Many rows").check()
    assert sideways(page) <= 0


@pytest.mark.parametrize("name", ["gallery", pytest.param("mnist", marks=needs_mnist)])
def test_axe_finds_nothing_serious_by_day_and_by_night(browser, name):
    page = browser.visit(name, still=True)
    ask(page)
    page.locator("[data-example='0']").click()
    headline(page)
    page.get_by_role("button", name="Wrong?").click()
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert not findings(page)
        browser.shot(page, f"{name}-{scheme}")
    page.get_by_label("Many rows").check()
    assert not findings(page)
    assert page.locator("#all").evaluate("one => getComputedStyle(one).transitionDuration") == "0s"
