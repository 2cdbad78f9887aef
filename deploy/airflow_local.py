"""Start Airflow on this machine for one lake, as `make airflow` does.

Its database, API server with UI, scheduler, DAG processor.

Everything lies under one folder (`--home`): the database, logs, passwords. Spark is the one of `.venv`; Airflow runs in
`.venv-airflow`. The database is PostgreSQL where its programs are installed, else SQLite. It listens on 127.0.0.1 alone
and is meant for one person and for tests; docs/operators/schedule.md says how a team runs it. Ends all that it started
with Ctrl-C or SIGTERM. The pseudonymisation key comes from the environment, as for `iolaus`.
"""

import argparse
import base64
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SPARK_ENV, AIRFLOW_ENV = ROOT / ".venv", ROOT / ".venv-airflow"
USER = "admin"
SECONDS_TO_START = 180


def main() -> int:
    """Start, say where the UI is and with which user, and stay until told to end."""
    given = _arguments()
    home, given.port = given.home.resolve(), given.port or _free_port()
    home.mkdir(parents=True, exist_ok=True)
    running: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        database = _sqlite(home) if given.sqlite or not _postgres_programs() else _postgres(home, running)
        env = _environment(given, home, database)
        _say(f"database: {database.split(':')[0].split('+')[0]}; making its tables")
        _airflow(env, home, "db", "migrate")
        _airflow(
            env,
            home,
            "pools",
            "set",
            "iolaus_spark",
            str(given.slots),
            "Spark applications that this machine runs at once",
        )
        running += [
            _start(env, home, *part)
            for part in (("api-server",), ("scheduler", "--skip-serve-logs"), ("dag-processor",))
        ]
        url = f"http://127.0.0.1:{given.port}"
        _wait(url, running)
        password = json.loads((home / "passwords.json").read_text(encoding="utf-8"))[USER]
        _say(f"the UI is at {url}, user {USER}, password {password}")
        _say(
            "all DAGs are paused: turn on iolaus_detection and iolaus_publication, then iolaus_arrivals, and trigger "
            "a day there"
        )
        _say("ready", url=url, user=USER, password=password, home=str(home))
        while all(p.poll() is None for p in running):
            time.sleep(1)
        _say(f"a part of Airflow has ended; see {home}/*.log")
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(running)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Start Airflow on this machine for one lake.")
    parser.add_argument(
        "--home", type=Path, default=ROOT / "out/airflow", help="folder of its database, logs and passwords"
    )
    parser.add_argument("--landing", required=True, help="folder that gateways append to")
    parser.add_argument("--lake", required=True, help="folder of the tables")
    parser.add_argument("--port", type=int, default=8080, help="of the UI; 0 takes a free one")
    parser.add_argument("--master", default="local[*]", help="Spark master of the connection iolaus_spark")
    parser.add_argument("--slots", type=int, default=1, help="Spark applications at once; each takes 2 GB here")
    parser.add_argument("--alert-url", default="", help="told of failures")
    parser.add_argument("--deletions", default="", help="text files of accounts to drop")
    parser.add_argument("--reports", default=str(ROOT / "out/airflow/reports"), help="folder of reports and exports")
    parser.add_argument("--producer", default="", help="who exports, as other labs know us; nobody: no exports")
    parser.add_argument("--sqlite", action="store_true", help="SQLite, though PostgreSQL is installed")
    return parser.parse_args()


def _say(line: str, **facts: str) -> None:
    print(f"airflow: {line} {json.dumps(facts)}" if facts else f"airflow: {line}", flush=True)


def _environment(given: argparse.Namespace, home: Path, database: str) -> dict[str, str]:
    """The settings of every part of Airflow, and what spark-submit needs. Secrets are made once and kept in `home`."""
    found = next((SPARK_ENV / "lib").glob("python3.*"))
    spark_home = found / "site-packages" / "pyspark"
    absolute = {
        name: value if "://" in value else str(Path(value).resolve())
        for name, value in vars(given).items()
        if name in _FOLDERS
    }
    made = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{given.port}/execution/",
        "AIRFLOW__CORE__FERNET_KEY": _secret(home, "fernet"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin,analyst:viewer",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(given.port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{given.port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": _secret(home, "api"),
        "AIRFLOW__API_AUTH__JWT_SECRET": _secret(home, "jwt"),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW_CONN_IOLAUS_SPARK": json.dumps({"conn_type": "spark", "host": given.master}),
        "AIRFLOW_VAR_IOLAUS_LAKE": absolute["lake"],
        "AIRFLOW_VAR_IOLAUS_LANDING": absolute["landing"],
        "AIRFLOW_VAR_IOLAUS_APPLICATION": str(ROOT / "jobs/submit.py"),
        "AIRFLOW_VAR_IOLAUS_SPARK_PROPERTIES": str(_spark_properties(home)),
        "AIRFLOW_VAR_IOLAUS_ALERT_URL": given.alert_url,
        "AIRFLOW_VAR_IOLAUS_DELETIONS": absolute["deletions"] if given.deletions else "",
        "AIRFLOW_VAR_IOLAUS_REPORTS": absolute["reports"],
        "AIRFLOW_VAR_IOLAUS_COMMAND": str(SPARK_ENV / "bin/iolaus"),
        "AIRFLOW_VAR_IOLAUS_PRODUCER": given.producer,
        "PYTHONPATH": str(ROOT / "jobs"),  # the code of this folder, wherever it is installed from
        "SPARK_HOME": str(spark_home),
        "PYSPARK_PYTHON": str(SPARK_ENV / "bin/python"),
        "PYSPARK_DRIVER_PYTHON": str(SPARK_ENV / "bin/python"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PATH": f"{spark_home}/bin:{AIRFLOW_ENV}/bin:{os.environ['PATH']}",
    }
    return {**{k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "PYTHON"))}, **made}


_FOLDERS = ("landing", "lake", "deletions", "reports")


def _spark_properties(home: Path) -> Path:
    """Spark's settings for small days on one machine, as `iolaus.runtime.spark.session` makes them itself."""
    cores = os.cpu_count() or 1
    lines = {
        "spark.jars": ",".join(sorted(str(p) for p in (SPARK_ENV / "jars").glob("*.jar"))),
        "spark.driver.memory": "2g",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.shuffle.partitions": str(cores),
        "spark.default.parallelism": str(cores),
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.ui.enabled": "false",
    }
    path = home / "spark.properties"
    path.write_text("".join(f"{name} {value}\n" for name, value in lines.items()), encoding="utf-8")
    return path


def _secret(home: Path, name: str) -> str:
    path = home / f"{name}.secret"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    return path.read_text(encoding="ascii")


def _sqlite(home: Path) -> str:
    return f"sqlite:///{home}/airflow.db"


def _postgres_programs() -> Path | None:
    """The folder of initdb and postgres, if they can be run.

    PostgreSQL refuses root, who needs a user `postgres` to be.
    """
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            return None
    found = [p.parent for p in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)]
    path = shutil.which("initdb")
    return found[0] if found else Path(path).resolve().parent if path else None


def _postgres(home: Path, running: list[subprocess.Popen[bytes]]) -> str:
    """A PostgreSQL server of its own, on a free port; returns its address."""
    programs, data = _postgres_programs(), home / "postgres"
    assert programs is not None
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    password = _secret(home, "postgres")
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        pwfile = home / "postgres.pwfile"
        pwfile.touch(mode=0o600)
        pwfile.write_text(password, encoding="ascii")
        for path in (data, pwfile):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        initdb = [
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "airflow",
            "--auth=scram-sha-256",
            f"--pwfile={pwfile}",
            "-E",
            "UTF8",
        ]
        done = subprocess.run(initdb, capture_output=True, user=owner.pw_uid, group=owner.pw_gid, cwd="/", check=False)
        pwfile.unlink()
        if done.returncode:
            _say(f"PostgreSQL could not be set up ({done.stderr.decode().strip().splitlines()[-1]}); taking SQLite")
            return _sqlite(home)
    port = _free_port()
    options = ["-h", "127.0.0.1", "-p", str(port), "-k", ""]
    with (home / "postgres.log").open("ab") as log:
        server = [str(programs / "postgres"), "-D", str(data), *options]
        running.append(
            subprocess.Popen(
                server, stdout=log, stderr=log, user=owner.pw_uid, group=owner.pw_gid, cwd="/", start_new_session=True
            )
        )
    psql = [str(programs / "psql"), "-h", "127.0.0.1", "-p", str(port), "-U", "airflow", "-d", "postgres", "-tAc"]
    for _ in range(100):
        asked = subprocess.run(
            [*psql, "select 1 from pg_database where datname = 'airflow'"],
            capture_output=True,
            text=True,
            env={**os.environ, "PGPASSWORD": password},
            check=False,
        )
        if asked.returncode == 0:
            if not asked.stdout.strip():
                subprocess.run(
                    [*psql, "create database airflow"],
                    capture_output=True,
                    env={**os.environ, "PGPASSWORD": password},
                    check=True,
                )
            return f"postgresql+psycopg2://airflow:{password}@127.0.0.1:{port}/airflow"
        time.sleep(0.2)
    raise SystemExit(f"airflow: PostgreSQL does not answer; see {home}/postgres.log, or take SQLite with --sqlite")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _airflow(env: dict[str, str], home: Path, *arguments: str) -> None:
    with (home / "setup.log").open("ab") as log:
        done = subprocess.run(
            [str(AIRFLOW_ENV / "bin/airflow"), *arguments], env=env, cwd=home, stdout=log, stderr=log, check=False
        )
    if done.returncode:
        raise SystemExit(f"airflow: `airflow {' '.join(arguments)}` failed; see {home}/setup.log")


def _start(env: dict[str, str], home: Path, component: str, *options: str) -> "subprocess.Popen[bytes]":
    with (home / f"{component}.log").open("ab") as log:
        command = [str(AIRFLOW_ENV / "bin/airflow"), component, *options]
        return subprocess.Popen(command, env=env, cwd=home, stdout=log, stderr=log, start_new_session=True)


def _wait(url: str, running: list["subprocess.Popen[bytes]"]) -> None:
    """Wait until the API server, the scheduler and the DAG processor say that they are well."""
    for _ in range(SECONDS_TO_START):
        try:
            with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310 - our own server
                health = json.load(answer)
            if all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor")):
                return
        except (OSError, ValueError):
            pass
        if any(p.poll() is not None for p in running):
            break
        time.sleep(1)
    raise SystemExit("airflow: it did not start; see the logs in its home")


def _stop(running: list["subprocess.Popen[bytes]"]) -> None:
    """End the parts, the newest first, with what they started; the database last."""
    for process in reversed(running):
        for end, seconds in ((signal.SIGTERM if process is not running[0] else signal.SIGINT, 20), (signal.SIGKILL, 5)):
            try:
                os.killpg(process.pid, end)
                process.wait(seconds)
                break
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue


if __name__ == "__main__":
    sys.exit(main())
