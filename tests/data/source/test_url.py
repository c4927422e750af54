import fsspec
import pytest

from local_servers import serving
from tunesmith.core.errors import BadData, BadOption
from tunesmith.data.source._columns import Columns
from tunesmith.data.source._fetched import fetched
from tunesmith.data.source.url import Url

CONTENT = b"text,label\nhello,x\nbye,y\n"


@pytest.fixture
def server():
    with serving({"/rows.csv": CONTENT, "/rows": CONTENT, "/a.jsonl": b'{"q": "1", "a": "2"}\n'}) as found:
        yield found


def at(server, path, **options):
    return Url(url=f"http://127.0.0.1:{server.port}{path}", allow=True, allow_private=True, **options)


def test_a_file_is_fetched_once_in_a_process_and_read_as_its_suffix_says(server):
    source = at(server, "/rows.csv?token=secret")
    assert source.gives() == "labels"
    rows = list(source.read())
    assert [row.label for row in rows] == ["x", "y"]
    assert str(rows[0].place) == f"http://127.0.0.1:{server.port}/rows.csv:2 (byte 11)"
    assert source.reads_as().startswith(
        f"http://127.0.0.1:{server.port}/rows.csv, 25 bytes: CSV with columns"
    )
    assert "secret" not in source.reads_as()
    assert source.fingerprint() == source.fingerprint()
    assert server.asked == ["/rows.csv?token=secret"]


def test_nothing_is_fetched_unless_it_is_allowed(server):
    source = Url(url=f"https://127.0.0.1:{server.port}/rows.csv")
    for ask in (Url.gives, Url.reads_as, Url.fingerprint, lambda url: list(url.read())):
        with pytest.raises(
            BadOption, match=r"data\.source\.allow: .*unless data\.source\.allow=true says so"
        ):
            ask(source)
    assert server.asked == []


def test_private_addresses_need_a_word_of_their_own(server):
    with pytest.raises(BadData, match=r"not an address of the open Internet.*allow_private=true"):
        Url(url=f"https://127.0.0.1:{server.port}/rows.csv", allow=True).gives()
    assert server.asked == []


def test_an_address_of_version_6_is_no_url_in_a_url():
    with pytest.raises(BadData, match="::1 is not an address of the open Internet"):
        Url(url="https://[::1]/rows.csv", allow=True).gives()


def test_the_suffix_and_the_columns_can_be_given(server):
    with pytest.raises(BadOption, match=r"does not say what it is.*data\.source\.suffix=\.csv"):
        at(server, "/rows").gives()
    assert at(server, "/rows", suffix=".csv").gives() == "labels"
    (row,) = at(server, "/a.jsonl", columns=Columns(prompt="a", completion="q")).read()
    assert row.prompt[0].content == "2"


def test_a_folder_keeps_the_file_for_all_runs(server, tmp_path):
    source = at(server, "/rows.csv", folder=tmp_path / "kept")
    before = source.fingerprint()
    (file,) = (tmp_path / "kept").iterdir()
    assert file.read_bytes() == CONTENT
    fetched.cache_clear()
    assert at(server, "/rows.csv", folder=tmp_path / "kept").fingerprint() == before
    assert server.asked == ["/rows.csv"]
    file.write_bytes(CONTENT + b"more,z\n")
    assert source.fingerprint() != before


def test_a_file_that_is_not_whole_is_not_kept(server, tmp_path):
    source = at(server, "/rows.csv", folder=tmp_path / "kept", most_bytes=10)
    with pytest.raises(BadData, match="is larger than 10 bytes"):
        source.gives()
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_store_is_read_by_fsspec():
    fsspec.filesystem("memory").pipe("/data/rows.csv", CONTENT)
    source = Url(url="memory://data/rows.csv")
    assert [row.label for row in source.read()] == ["x", "y"]
    assert source.reads_as().startswith("memory://data/rows.csv, 25 bytes")
    with pytest.raises(BadData, match=r"memory:///data/rows\.csv is larger than 10 bytes"):
        Url(url="memory://data/rows.csv", most_bytes=10).gives()


def test_a_local_file_is_a_url_too(tmp_path):
    (tmp_path / "rows.csv").write_bytes(CONTENT)
    assert len(list(Url(url=(tmp_path / "rows.csv").as_uri()).read())) == 2
    with pytest.raises(BadData, match=r"gone\.csv cannot be read: .*Check the URL, the keys and the network"):
        Url(url=(tmp_path / "gone.csv").as_uri()).gives()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/a.csv",
        "simplecache::https://host/a.csv",
        "s3::https://host/a.csv",
        "zip://a.csv::https://host/a.zip",
        "reference://a.csv",
        "github://org:repo@main/a.csv",
        "sftp://host/a.csv",
        "hf://datasets/org/name/a.csv",
    ],
)
def test_other_ways_to_other_machines_are_refused(url):
    with pytest.raises(BadOption, match=r"data\.source\.url: it must begin with one of https://, s3://"):
        Url(url=url, allow=True).gives()


def test_the_fingerprint_follows_options_but_not_where_the_file_is_kept(server, tmp_path):
    prints = {
        at(server, "/rows.csv").fingerprint(),
        at(server, "/rows.csv", folder=tmp_path / "kept").fingerprint(),
        at(server, "/rows.csv", columns=Columns(label="label", text="text")).fingerprint(),
    }
    assert len(prints) == 2
