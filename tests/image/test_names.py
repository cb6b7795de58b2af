"""Name resolution in the image, where there is no libc to look anything up."""

import contextlib
import json
import secrets
import socket
import subprocess
import time

from conftest import SMALL, FarEnds, Pod, podman, subfolder

# A question for the IPv6 address of qualys.example.com.
QUESTION = b"\0\7\1\0\0\1\0\0\0\0\0\0\6qualys\7example\3com\0\0\x1c\0\1"
REFUSED = 5


@contextlib.contextmanager
def silent_network():
    """A network without names of its own, and the address of the host there."""
    name = f"qc-{secrets.token_hex(4)}"
    podman("network", "create", "--disable-dns", name)
    try:
        (network,) = json.loads(podman("network", "inspect", name).stdout)
        yield name, network["subnets"][0]["gateway"]
    finally:
        podman("network", "rm", "--force", name)


@contextlib.contextmanager
def resolver(address, names):
    """dnsmasq, which knows the IPv4 address of each name and refuses every other question."""
    answers = [f"--address=/{name}/{ip}" for name, ip in names.items()]
    options = ["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces", "--pid-file="]
    running = subprocess.Popen(["dnsmasq", *options, f"--listen-address={address}", *answers])
    try:
        yield
    finally:
        running.terminate()
        running.wait()


def rcode(address):
    """How the question for an IPv6 address is answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(1)
        for _ in range(50):
            with contextlib.suppress(TimeoutError, ConnectionRefusedError):
                asking.sendto(QUESTION, (address, 53))
                return asking.recv(512)[3] & 15
            time.sleep(0.1)
    raise AssertionError("dnsmasq doesn't answer")


def test_a_resolver_that_refuses_aaaa_is_no_obstacle(tmp_path):
    with silent_network() as (network, gateway), FarEnds(network, subfolder(tmp_path, "lab"), SMALL, names=False) as ends:
        names = {"qualys.example.com": ends.qualys.address(), "fmc.example.com": ends.center.address()}
        with resolver(gateway, names):
            assert rcode(gateway) == REFUSED
            pod = Pod(ends, tmp_path)
            pod.options += ["--dns", gateway]
            ended = pod.run(
                QC_QUALYS__URL="https://qualys.example.com:8443", QC_MANAGEMENT_CENTER__SERVER="fmc.example.com"
            )
        assert ended.code == 0, ended.stderr
        assert ends.held() == ends.meant
