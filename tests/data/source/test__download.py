"""What is fetched comes from the checked place only: every attempt to be led elsewhere ends unconnected."""

import ssl

import pytest

from local_servers import HOST, headed, redirect, serving, trusting
from tunesmith.core.errors import BadData, BadOption
from tunesmith.data.source import _download
from tunesmith.data.source._download import Reach, fetch, look_up

CONTENT = b"text,label\n" + b"x,y\n" * 1000


def reach(**options):
    usual = {"most_bytes": 10**6, "most_seconds": 60, "allow_private": True}
    return Reach(**{**usual, **options})


def local(host, port):
    return ["127.0.0.1"]


def get(url, **options):
    return b"".join(fetch(url, reach(**options)))


def test_the_content_comes_in_pieces():
    with serving({"/a.csv": CONTENT}) as server:
        assert get(f"http://127.0.0.1:{server.port}/a.csv?key=1#part") == CONTENT
    assert server.asked == ["/a.csv?key=1"]


def test_a_chunked_answer_is_read_to_its_end():
    chunked = headed(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", Transfer_Encoding="chunked")

    def answer(handler):
        handler.protocol_version = "HTTP/1.1"
        chunked(handler)

    with serving({"/": answer}) as server:
        assert get(f"http://127.0.0.1:{server.port}") == b"abcde"


def test_the_certificate_must_be_that_of_the_name(tmp_path):
    with serving({"/a": CONTENT}, tmp_path) as server:
        assert get(f"https://{HOST}:{server.port}/a", look_up=local, trust=trusting) == CONTENT
        with pytest.raises(BadData, match="CERTIFICATE_VERIFY_FAILED"):
            get(f"https://other.example:{server.port}/a", look_up=local, trust=trusting)
        with pytest.raises(BadData, match="CERTIFICATE_VERIFY_FAILED"):
            get(f"https://{HOST}:{server.port}/a", look_up=local)
    assert server.asked == ["/a"]


def test_certificates_are_checked_unless_a_test_says_otherwise():
    context = reach().trust()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_name_is_looked_up_once_and_its_checked_address_connected_to(tmp_path):
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    with serving({"/a": CONTENT}, tmp_path) as server:
        url = f"https://{HOST}:{server.port}/a"
        assert get(url, look_up=lambda *_: next(answers), trust=trusting) == CONTENT
    assert next(answers) == ["127.0.0.2"]


FORBIDDEN = [
    ["127.0.0.1"],
    ["93.184.215.14", "127.0.0.1"],
    ["127.0.0.1", "93.184.215.14"],
    ["::ffff:127.0.0.1"],
    ["::1"],
    ["10.0.0.1"],
    ["169.254.169.254"],
]


@pytest.mark.parametrize("addresses", FORBIDDEN)
def test_a_name_that_leads_to_a_private_address_is_not_connected_to(addresses, tmp_path):
    with serving({"/a": CONTENT}, tmp_path) as server:
        url = f"https://{HOST}:{server.port}/a"
        with pytest.raises(BadData, match=r"leads to where nothing is fetched from.*allow_private=true"):
            get(url, look_up=lambda *_: addresses, trust=trusting, allow_private=False)
    assert server.asked == []


def test_where_clouds_tell_their_secrets_is_not_connected_to_even_where_private_addresses_are_allowed():
    with pytest.raises(BadData, match=r"where a cloud tells a machine its secrets\.$"):
        get("http://169.254.169.254/latest/meta-data", look_up=lambda host, _: [host])


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "017700000001", "127.1", "localhost", "[::1]"])
def test_other_spellings_of_this_machine_lead_nowhere(host, tmp_path):
    nowhere = pytest.raises(BadData, match="leads to where nothing is fetched from")
    with serving({"/a": CONTENT}, tmp_path) as server, nowhere:
        get(f"https://{host}:{server.port}/a", trust=trusting, allow_private=False, look_up=spelt)
    assert server.asked == []


def spelt(host, port):
    """Look up as the system does, with numbers in other spellings, which the tests' guard does not know."""
    if host in ("localhost", "::1"):
        return look_up(host, port)
    import socket

    return [socket.inet_ntoa(socket.inet_aton(host))]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://rows.example/a", "only https is read"),
        ("ftp://rows.example/a", "only https is read"),
        ("https://user@rows.example/a", "user name or a password"),
        ("https://user:word@rows.example/a", "user name or a password"),
        ("https://rows.example\\@127.0.0.1/a", "a space, a backslash"),
        ("https://rows.example/a b", "a space, a backslash"),
        ("https://rows.example/\r\nX: y", "a space, a backslash"),
        ("https://röws.example/a", "letters that a URL cannot hold"),
        ("https:///a", "names no host"),
        ("https://rows.example:0/a", "names no host"),
        ("https://rows.example:99999/a", "Port out of range"),
        ("https://[::1/a", "Invalid IPv6"),
    ],
)
def test_a_url_that_programs_read_in_different_ways_is_refused_before_any_look_up(url, message):
    def never(host, port):
        raise AssertionError(host)

    with pytest.raises(BadOption, match=rf"data\.source\.url: .*{message}"):
        get(url, allow_private=False, look_up=never)


def test_http_is_read_from_private_addresses_only():
    with pytest.raises(BadOption, match="http is read from private addresses only"):
        get("http://rows.example/a", look_up=lambda *_: ["93.184.215.14"])


def test_one_is_sent_on_within_a_host_and_each_time_looked_up_and_checked_anew(tmp_path):
    with serving({"/a": redirect("/b"), "/b": redirect("c"), "/c": CONTENT}, tmp_path) as server:
        url = f"https://{HOST}:{server.port}/a"
        assert get(url, look_up=local, trust=trusting) == CONTENT
        answers = iter([["127.0.0.1"], ["169.254.169.254"]])
        with pytest.raises(BadData, match="where a cloud tells"):
            get(url, look_up=lambda *_: next(answers), trust=trusting)
    assert server.asked == ["/a", "/b", "/c", "/a"]


@pytest.mark.parametrize(
    "scheme", ["http://127.0.0.1", "//127.0.0.1", "file:///etc/hostname", "https://127.0.0.1"]
)
def test_one_is_not_sent_on_to_another_host_port_or_scheme(scheme, tmp_path):
    with serving({"/secret": b"secret"}) as other:
        to = scheme if scheme.startswith("file") else f"{scheme}:{other.port}/secret"
        refused = pytest.raises(BadData, match="sends on to another host")
        with serving({"/a": redirect(to)}, tmp_path) as server, refused:
            get(f"https://{HOST}:{server.port}/a", look_up=local, trust=trusting)
    assert other.asked == []


def test_one_is_not_sent_on_for_ever():
    with (
        serving({"/a": redirect("/a")}) as server,
        pytest.raises(BadData, match="sends on more than 5 times"),
    ):
        get(f"http://127.0.0.1:{server.port}/a")
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    "answer",
    [CONTENT, headed(CONTENT), headed(CONTENT, Content_Length=str(10**9))],
    ids=["said", "unsaid", "lied"],
)
def test_what_is_too_large_is_given_up(answer):
    with (
        serving({"/a": answer}) as server,
        pytest.raises(
            BadData, match=r"/a is larger than 1,000 bytes\. Allow more with data\.source\.most_bytes"
        ),
    ):
        get(f"http://127.0.0.1:{server.port}/a", most_bytes=1000)


def test_what_takes_too_long_is_given_up():
    with serving({"/a": CONTENT}) as server, pytest.raises(BadData, match="takes more than 0 seconds"):
        get(f"http://127.0.0.1:{server.port}/a", most_seconds=0)


def test_a_server_that_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(_download, "SILENT_SECONDS", 0.1)
    import threading

    heard = threading.Event()
    with serving({"/a": lambda handler: heard.wait(10)}) as server:
        with pytest.raises(BadData, match=r"cannot be fetched: timed out\. Check the URL and the network"):
            get(f"http://127.0.0.1:{server.port}/a")
        heard.set()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            headed(CONTENT, Content_Length=str(len(CONTENT) + 5)),
            "broke off after 4,011 of 4,016 bytes. Try again",
        ),
        (headed(CONTENT, Content_Encoding="gzip"), "is sent packed, although it was not asked for"),
        (lambda handler: handler.wfile.write(b"no HTTP\r\n"), "cannot be fetched: "),
    ],
)
def test_an_answer_that_cannot_be_used_is_named(answer, message):
    with serving({"/a": answer}) as server, pytest.raises(BadData) as caught:
        get(f"http://127.0.0.1:{server.port}/a?key=secret")
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


def test_what_the_server_says_itself_is_not_repeated():
    said = pytest.raises(BadData, match=r"the server answers 404 Not Found\. Check the URL\.$")
    with serving({}) as server, said:
        get(f"http://127.0.0.1:{server.port}/a")


def test_the_next_address_is_tried_where_one_does_not_answer():
    with serving({"/a": CONTENT}) as server:
        url = f"http://127.0.0.1:{server.port}/a"
        assert get(url, look_up=lambda *_: ["127.0.0.9", "127.0.0.1"]) == CONTENT
        with pytest.raises(BadData, match=r"cannot be fetched: .*refused"):
            get(url, look_up=lambda *_: ["127.0.0.1", "127.0.0.9"][1:])
        with pytest.raises(BadData, match="has no address"):
            get(url, look_up=lambda *_: [])


def test_the_environment_s_proxy_is_not_used(monkeypatch):
    with serving({}) as proxy, serving({"/a": CONTENT}) as server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        assert get(f"http://127.0.0.1:{server.port}/a") == CONTENT
    assert proxy.asked == []
