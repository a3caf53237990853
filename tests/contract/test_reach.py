import pytest

from mockgrid.contract.reach import Reach


@pytest.mark.parametrize(
    ("place", "path", "admitted"),
    [
        ("/schemas", "/schemas/pet.yaml", True),
        ("/schemas/", "/schemas/pet.yaml?v=..", True),
        ("/schemas", "/schemas/a/../pet.yaml", True),
        ("/my%20schemas", "/my%20schemas/a/%2E/pet.yaml", True),
        ("/x/../schemas", "/x/../schemas/pet.yaml", True),
        ("", "/a/../pet.yaml", True),
        ("/schemas", "/schemas/../secret", False),
        ("/schemas", "/schemas/%2e%2E/secret", False),
        ("/schemas", "/schemas/.%2e/schemas-of-others", False),
        ("/schemas", "/schemas/..%2Fsecret", False),
        ("/schemas", "/schemas/..%5csecret", False),
        ("/schemas", "/schemas/..\\secret", False),
        ("/schemas", "/schemas//../../secret", False),
        ("/schemas", "/schemas/.\t./secret", False),
    ],
)
def test_dot_segments_lead_out_of_no_beginning(place, path, admitted):
    reach = Reach([f"https://a.example{place}"], fetch=print)
    assert reach.admits_url(f"https://a.example{path}") is admitted


def test_a_scheme_alone_admits_every_host():
    reach = Reach(["https:"], fetch=print)
    assert reach.admits_url("https://a.example/x/../pet.yaml")
    assert not reach.admits_url("http://a.example/pet.yaml")
