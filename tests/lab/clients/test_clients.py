"""Other people's clients against the lab's Qualys, as they come: `.ci/clients` fetches them and runs this.

They know the names of Qualys' platforms only, so a proxy of this test takes every connection to the lab, whose certificate
has the name of one. What they must find is what the report of the same estate says.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

LAB = os.environ.get("LAB", "target/release/connector-lab")
PLATFORM = "qualysapi.qg2.apps.qualys.com"
ESTATE = ["--hosts", "60", "--findings", "6", "--qids", "90", "--duplicates", "10", "--seed", "3"]


@pytest.fixture
def qualys(tmp_path):
    """The lab's Qualys: its folder, with `address` and `ca.pem`."""
    folder = tmp_path / "qualys"
    login = ["--user", "dirk_g", "--password", "d0ntp@n1c"]
    limits = ["--rate-limit", "2000", "--concurrency", "5"]
    command = [LAB, "qualys", "--dir", folder, "--name", PLATFORM, *login, *limits, *ESTATE]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    yield folder
    process.terminate()
    process.wait()


@pytest.fixture
def proxy(qualys):
    """Takes whoever wants a platform to the lab; gives its URL."""
    host, port = re.search(r"([\d.]+):(\d+)", (qualys / "address").read_text()).groups()
    listener = socket.create_server(("127.0.0.1", 0))

    def pass_on(source, target):
        # How a connection ends is the business of its two ends.
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def serve(client):
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(4096)
        lab = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=pass_on, args=(lab, client), daemon=True).start()
        pass_on(client, lab)

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def estate(tmp_path):
    """Findings of every record by its address, without information, as the report says them."""
    report = tmp_path / "report.xml"
    subprocess.run([LAB, "report", *ESTATE, "--output", report], check=True)
    hosts = []
    for host in ET.parse(report).getroot().iter("HOST"):
        found = [one.findtext("QID") for one in host.iter("VULN_INFO") if one.findtext("TYPE") != "Ig"]
        hosts.append((host.findtext("IP"), sorted(found)))
    return sorted(hosts)


def run(script, *arguments, folder, **environment):
    return subprocess.run(
        [sys.executable, script, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "REQUESTS_CA_BUNDLE": str(folder / "qualys/ca.pem"), **environment},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_qualysdk(qualys, proxy, estate, tmp_path):
    script = tmp_path / "by_qualysdk.py"
    script.write_text(
        """
import json
from qualysdk.auth import BasicAuth
from qualysdk.vmdr import get_hld, get_host_list, query_kb

auth = BasicAuth("dirk_g", "d0ntp@n1c", platform="qg2")
hosts = get_host_list(auth, chunk_size=25, threads=2)
found = get_hld(auth, chunk_size=25, threads=2, show_tags=True, status="New,Active,Re-Opened,Fixed")
known = query_kb(auth)
hld = [(str(host.IP), sorted(str(one.QID) for one in host.DETECTION_LIST or [])) for host in found]
print("SAID " + json.dumps([len(hosts), hld, len(known)]))
"""
    )
    said = run(script, folder=tmp_path, HTTPS_PROXY=proxy).stdout
    hosts, found, known = json.loads(said.rsplit("SAID ", 1)[1])
    assert hosts == len(estate)
    assert sorted(map(tuple, found)) == [host for host in estate if host[1]]
    assert known == 90


def test_gethld(qualys, proxy, estate, tmp_path):
    script = Path(os.environ.get("GETHLD", "gethld.py"))
    if not script.exists():
        pytest.skip("gethld is missing: .ci/clients fetches it from GitHub, where that can be reached")
    run(
        script.absolute(),
        folder=tmp_path,
        HTTPS_PROXY=proxy,
        q_username="dirk_g",
        q_password="d0ntp@n1c",
        q_server=PLATFORM,
        q_vm_processed_after="2000-01-01",
        q_chunk_size="7",
        q_max_concurrent="2",
    )
    found = []
    for page in tmp_path.glob("qualys_detections_*/hld_*.xml"):
        for host in ET.parse(page).getroot().iter("HOST"):
            qids = [one.findtext("QID") for one in host.iter("DETECTION") if one.findtext("TYPE") != "Info"]
            found.append((host.findtext("IP"), sorted(qids)))
    assert sorted(host for host in found if host[1]) == [host for host in estate if host[1]]
