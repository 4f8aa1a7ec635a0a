"""A Spark session on this machine: started, kept silent, and ended with its Java process."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from transat.core.errors import ConfigError
from transat.core.languages import Text

#: Spark 4 runs on Java 17 and later (Spark 4.0.0 release notes).
OLDEST_JAVA: Final = 17

#: log4j takes a configuration without an appender for none at all.
_SILENT: Final = """
status = off
appender.none.type = Null
appender.none.name = none
rootLogger.level = off
rootLogger.appenderRef.none.ref = none
"""

#: Days are days of the common calendar, instants have no zone, text is compared by its bytes.
_SETTINGS: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
    # A staging has hundreds of long casts: to infer filters from them, and to compile them as one
    # Java class, takes longer than to run them.
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.csv.parser.columnPruning.enabled": "false",
    "spark.sql.files.maxPartitionBytes": "64m",
    "spark.sql.files.openCostInBytes": "1m",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.maxPlanStringLength": "8192",
}


def start(memory_limit: str, workers: int, scratch: Path) -> SparkSession:
    """A new session with `workers` threads, its temporary files in `scratch`.

    Raises ConfigError where Java is missing, too old, or did not start.
    """
    java = installed_java()
    if SparkContext._active_spark_context is not None:
        raise ConfigError(
            Text("une session Spark est déjà ouverte.", "a Spark session is already open."),
            "--engine spark",
            Text("Fermez-la, puis relancez.", "Close it, then run again."),
        )
    logs = scratch / "log4j2.properties"
    logs.write_text(_SILENT, "utf-8")
    logging.getLogger("SQLQueryContextLogger").disabled = True
    conf = SparkConf(loadDefaults=False).setMaster(f"local[{workers}]").setAppName("transat")
    conf.setAll(list(_SETTINGS.items()))
    conf.set("spark.sql.shuffle.partitions", str(4 * workers))
    conf.set("spark.driver.memory", _java_memory(memory_limit))
    conf.set("spark.local.dir", str(scratch))
    conf.set("spark.sql.warehouse.dir", str(scratch / "warehouse"))
    conf.set(
        "spark.driver.extraJavaOptions",
        f"-Dlog4j2.configurationFile={logs.absolute().as_uri()} -Djava.io.tmpdir={scratch}",
    )
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    launch: Any = launch_gateway
    try:
        gateway = launch(conf, popen_kwargs=quiet)
        return SparkSession(SparkContext(conf=conf, gateway=gateway))
    except (PySparkException, Py4JError) as error:
        raise ConfigError(
            Text("Spark n'a pas démarré.", "Spark did not start."),
            java,
            Text(
                "Vérifiez Java 17 (« java -version ») et la mémoire libre, puis relancez.",
                'Check Java 17 ("java -version") and the free memory, then run again.',
            ),
        ) from error


def stop(session: SparkSession) -> None:
    """End the session and its Java process; nothing of it stays behind."""
    session.stop()
    gateway = SparkContext._gateway
    if gateway is None:
        return
    gateway.shutdown()
    process = gateway.proc
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    SparkContext._gateway = None
    SparkContext._jvm = None


def installed_java() -> str:
    """The Java program that Spark will run; raises ConfigError when it is missing or too old."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    try:
        said = subprocess.run(
            [java or "java", "-version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise _no_java(Text("Java est introuvable.", "Java was not found.")) from error
    found = re.search(r'version "(\d+)', said.stderr + said.stdout)
    version = int(found[1]) if found else 0
    if version < OLDEST_JAVA:
        raise _no_java(Text(f"Java {version} est trop ancien.", f"Java {version} is too old."))
    return java or "java"


def _no_java(what: Text) -> ConfigError:
    return ConfigError(
        what,
        "--engine spark",
        Text(
            "Installez Java 17 (Debian : apt-get install openjdk-17-jre-headless), ou laissez "
            "« --engine duckdb », qui donne le même résultat.",
            "Install Java 17 (Debian: apt-get install openjdk-17-jre-headless), or keep "
            '"--engine duckdb", which gives the same result.',
        ),
    )


def _java_memory(limit: str) -> str:
    """DuckDB's ``3GB``, ``512MiB`` as Java's ``3g``, ``512m``.

    Raises ConfigError for anything else.
    """
    found = re.fullmatch(r"\s*(\d+)\s*([KMGT])i?B?\s*", limit, re.IGNORECASE)
    if found is None:
        raise ConfigError(
            Text(f"mémoire illisible : {limit}.", f"memory not understood: {limit}."),
            "memory_limit",
            Text("Écrivez par exemple 3GB.", "Write for instance 3GB."),
        )
    return found[1] + found[2].lower()
