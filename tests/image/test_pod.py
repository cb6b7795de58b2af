"""The image under the security settings of its pod: user, read-only root, no capabilities, 64 MiB, secrets as files."""

from conftest import BIG, FarEnds, Pod, podman, subfolder


def test_ten_thousand_hosts_arrive(network, tmp_path):
    with FarEnds(network, subfolder(tmp_path, "lab"), BIG) as ends:
        pod = Pod(ends, tmp_path)
        with pod.start() as container:
            ended = container.wait()
        assert ended.code == 0, ended.stderr
        held = ends.held()
        assert held == ends.meant
        assert len(held) > 9_000
        told = pod.termination_log.read_text()
        assert told.startswith("0 (all imported): ") and f"{sum(held.values()):,} findings imported" in told


def test_a_wrong_setting_is_78(small_pod):
    ended = small_pod.run(QC_MANAGEMENT_CENTER__PORT="83o7")
    assert ended.code == 78, ended.stderr
    assert small_pod.termination_log.read_text().startswith("78 (the configuration is wrong): QC_MANAGEMENT_CENTER__PORT")


def test_a_template_that_an_indexed_job_hasnt_is_78(small_pod):
    assert small_pod.run(QC_QUALYS__TEMPLATE_INDEX="0").code == 0
    ended = small_pod.run(QC_QUALYS__TEMPLATE_INDEX="1")
    assert ended.code == 78, ended.stderr
    assert "qualys.template_index is 1" in small_pod.termination_log.read_text()


def test_a_refused_login_is_77(small_pod, tmp_path):
    password = tmp_path / "secrets" / "qualys.password"
    password.write_text("wr0ng")
    ended = small_pod.run()
    assert ended.code == 77, ended.stderr
    told = small_pod.termination_log.read_text()
    assert told.startswith("77 (") and "wr0ng" not in told + ended.stderr


def test_a_report_that_isnt_finished_is_75(small_pod):
    ended = small_pod.run(QC_QUALYS__DEADLINE="500ms")
    assert ended.code == 75, ended.stderr
    assert small_pod.termination_log.read_text().startswith("75 (try again later): ")


def test_a_management_center_that_isnt_there_is_69(small_pod):
    ended = small_pod.run(QC_MANAGEMENT_CENTER__PORT="8308", QC_MANAGEMENT_CENTER__CONNECT_DEADLINE="3s")
    assert ended.code == 69, ended.stderr
    told = small_pod.termination_log.read_text()
    assert told.startswith("69 (") and "management_center.connect_deadline" in told


def test_sigterm_ends_it_at_a_host_boundary_with_143(network, tmp_path):
    with FarEnds(network, subfolder(tmp_path, "lab"), ["--hosts=300"], "--fault=slow-answers=50") as ends:
        pod = Pod(ends, tmp_path)
        with pod.start(QC_MANAGEMENT_CENTER__MAX_FRAME="4096") as container:
            container.until(lambda: ends.network_map()["counters"]["frames"] > 12, "frames")
            threads = threads_of(container)
            podman("stop", "--time", 60, container.name)
            ended = container.wait()
        assert ended.code == 143, ended.stderr
        held = ends.held()
        assert 0 < len(held) < len(ends.meant)
        assert all(ends.meant[address] == count for address, count in held.items())
        assert pod.termination_log.read_text().startswith("143 (")
    # One for the network, one that parses (and is done by now): none of them by the number of the node's CPUs.
    assert threads <= 3


def threads_of(container):
    with open(f"/proc/{container.state()['Pid']}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("Threads:"))


def test_any_user_will_do(small_pod):
    """OpenShift gives each namespace a range of its own, and the group root."""
    small_pod.options += ["--user=1000680000:0"]
    assert small_pod.run().code == 0


def test_nothing_is_written_even_where_it_could_be(small_pod):
    small_pod.options = [option for option in small_pod.options if not option.startswith("--read-only")]
    with small_pod.start() as container:
        assert container.wait().code == 0
        # Places that podman itself makes to mount something there.
        made = ("/dev", "/etc", "/proc", "/run", "/sys", "/connector")
        written = podman("diff", container.name).stdout.splitlines()
        assert not [line for line in written if not line.split(" ", 1)[1].startswith(made)]


def test_a_hosts_file_counts_before_dns(small_pod):
    """Kubernetes' hostAliases."""
    small_pod.options += ["--add-host", f"fmc.example.com:{small_pod.ends.center.address()}"]
    assert small_pod.run(QC_MANAGEMENT_CENTER__SERVER="fmc.example.com").code == 0


