"""Known secrets are taken out of texts, in every form in which somebody may send them back."""

from __future__ import annotations

import random

import pytest

from linky_tui.text import redaction
from linky_tui.text.formatting import plain, without_secrets
from tests.tools.marks import PASSWORD, Marks, marked_token
from tests.torture.secrets.test_marks import FORMS

TOKEN = marked_token("30000000000003")
MARKS = Marks(TOKEN, PASSWORD)
HEADER, PAYLOAD, SIGNATURE = TOKEN.split(".")


@pytest.fixture(autouse=True)
def _known() -> None:
    redaction.protect_token(TOKEN)
    redaction.protect(PASSWORD)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "an element each"])
@pytest.mark.parametrize("secret", [TOKEN, PASSWORD, f"Basic linky:{PASSWORD}", SIGNATURE])
def test_what_is_sent_back_is_hidden(secret: str, form: str) -> None:
    if form == "broken over lines" and PASSWORD in secret:
        pytest.skip("a password is found whole only: its pieces may be words")
    sent_back = f"Error: you sent {FORMS[form](secret)}, which is wrong"
    assert MARKS.found(sent_back)
    for shown in (plain(sent_back, 4000), plain(sent_back, 60), without_secrets(sent_back)):
        assert not MARKS.found(shown), shown


def test_the_rest_of_a_text_stays() -> None:
    assert plain(f"bad auth for {PASSWORD}, try again") == "bad auth for …, try again"
    assert plain(f"sig {SIGNATURE}!") == "sig …!"
    assert without_secrets("line 1\n  line 2: 12 of 48") == "line 1\n  line 2: 12 of 48"


@pytest.mark.parametrize("part", [PAYLOAD, SIGNATURE])
def test_no_piece_of_a_token_is_left(part: str) -> None:
    choose = random.Random(4)
    for _ in range(200):
        start = choose.randrange(len(part) - 12)
        piece = part[start : start + choose.randint(12, 40)]
        assert not MARKS.found(plain(f"you sent '{piece}'"))


@pytest.mark.parametrize(
    "address",
    [
        f"mongodb://linky:{FORMS['percent-encoded'](PASSWORD)}@host/?authSource=admin",
        f"mongodb+srv://linky:{PASSWORD}@host",
        f"mongodb://host/?authMechanismProperties=AWS_SESSION_TOKEN:{PASSWORD}",
        f"mongodb://host/?tls=true&tlsCertificateKeyFilePassword={PASSWORD}",
        f"http://proxy:{PASSWORD}@10.0.0.1:3128",
    ],
)
def test_the_secrets_of_an_address_become_known(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redaction, "_exact", frozenset())
    monkeypatch.setattr(redaction, "_pattern", None)
    assert MARKS.found(redaction.scrub(PASSWORD))
    redaction.protect_address(address)
    said = redaction.scrub(f"refused: {PASSWORD}; {FORMS['percent-encoded'](PASSWORD)}")
    if "=" in address and "&" in address.partition("=")[2]:
        # The password has a & in it, which ends the option: its parts are known.
        assert PASSWORD.partition("&")[0] not in said
    else:
        assert not MARKS.found(said), said


def test_a_password_that_is_an_ordinary_word_hides_no_ordinary_text() -> None:
    redaction.protect_address("mongodb://root:linky@localhost/")
    assert plain("/root/.config/linky-tui/config.toml") == "/root/.config/linky-tui/config.toml"


@pytest.mark.parametrize(
    "text", ["", "no address", "mongodb://", "://@", "mongodb://u:@h", "a://:@"]
)
def test_addresses_without_secrets_change_nothing(text: str) -> None:
    redaction.protect_address(text)
    assert redaction.scrub("an ordinary text: it stays") == "an ordinary text: it stays"
