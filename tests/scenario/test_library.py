import pytest

from mockgrid.scenario.library import load_library
from mockgrid.scenario.loading import load

GOOD = "steps: [{reply: {say: Hi}}]"


def test_scenarios_are_found_by_name(tmp_path):
    (tmp_path / "b.yaml").write_text(GOOD)
    (tmp_path / "a.yml").write_text(f"scenario: z\n{GOOD}")
    (tmp_path / "c.json").write_text('{"steps": [{"reply": {"say": "x"}}]}')
    (tmp_path / "notes.txt").write_text("no scenario")
    (tmp_path / ".hidden.yaml").write_text("no scenario")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "d.yaml").write_text(GOOD)
    library = load_library([tmp_path])
    assert list(library.scenarios) == ["b", "c", "z"]
    assert library.findings == ()
    assert [file.name for file in library.files] == ["a.yml", "b.yaml", "c.json"]
    assert library.find("z").where == f"{tmp_path / 'a.yml'}:1:1"
    assert library.find("y") is None
    assert library.hint("zz") == "Did you mean z?"


def test_a_name_is_given_once(tmp_path):
    first, second = tmp_path / "1", tmp_path / "2"
    for directory in (first, second):
        directory.mkdir()
    (first / "a.yaml").write_text(GOOD)
    (second / "a.yaml").write_text(GOOD)
    (second / "b.yaml").write_text(f"{GOOD}\nscenario: a\n")
    library = load_library([first, second])
    assert [(finding.code, finding.where) for finding in library.findings] == [
        ("MG226", f"{second / 'a.yaml'}:1:1"),
        ("MG226", f"{second / 'b.yaml'}:2:1"),
    ]
    assert library.find("a").where == f"{first / 'a.yaml'}:1:1"
    assert load_library([first, first]).findings == ()


def test_bad_files_are_findings_and_leave_the_others_alone(tmp_path):
    (tmp_path / "a.yaml").write_text("seed: x")
    (tmp_path / "b.yaml").write_text(GOOD)
    (tmp_path / "c.yaml").write_bytes(b"\xff\xfe")
    library = load_library([tmp_path, tmp_path / "none", tmp_path / "b.yaml", "/dev/null"], operations=[])
    assert list(library.scenarios) == ["b"]
    assert [(finding.code, finding.message) for finding in library.findings] == [
        ("MG212", "`seed` must be an integer, got the text 'x'."),
        ("MG210", "The file is UTF-16."),
        ("MG210", "There is no such directory."),
        ("MG210", "This is not a directory."),
    ]


@pytest.mark.parametrize(
    ("file", "like"),
    [
        ("Bad Name!", "bad-name"),
        ("a.b", "a-b"),
        ("_a", "a"),
        ("\u00fc", "a-name"),
        (f"{'a' * 63}-b", "a" * 63),
    ],
)
def test_a_file_whose_name_no_key_can_have_needs_another(tmp_path, file, like):
    path = tmp_path / f"{file}.yaml"
    path.write_text(GOOD)
    library = load_library([tmp_path])
    assert not library.scenarios
    (finding,) = library.findings
    assert (finding.code, finding.where) == ("MG215", f"{path}:1:1")
    assert (
        finding.message == f"The file's name makes {file!r} the scenario's name, and no key can ask for that."
    )
    assert finding.hint == f"Rename the file, or write `scenario: {like}` in it."
    path.write_text(f"scenario: {like}\n{GOOD}")
    assert list(load_library([tmp_path]).scenarios) == [like]


def test_a_file_that_is_no_mapping_is_told_of_that_alone(tmp_path):
    (tmp_path / "Bad Name!.yaml").write_text("[]")
    assert [finding.code for finding in load_library([tmp_path]).findings] == ["MG212"]


def test_a_file_that_is_loaded_by_its_path_may_have_any_name(tmp_path):
    path = tmp_path / "Any Name!.yaml"
    path.write_text(GOOD)
    assert load(path).name == "Any Name!"
