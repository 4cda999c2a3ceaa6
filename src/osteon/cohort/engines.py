"""Who runs the SQL? DuckDB on one machine, Spark on many; and the few things that the two write differently.

The statements are the same text for both. An engine opens files as views, keeps tables, answers queries and writes
Parquet; it is made by `engine_of`, and closed when its `with` block ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from osteon.cohort.sql import name, sane, word
from osteon.errors import Fault, InputError

Shape = Any  # a type's name, a dict of fields, or a list that holds the one shape of its elements
LONGEST_LINE = 64 * 2**20  # bytes; a resource on one line may hold an attachment


class Engine(Protocol):
    """What both engines can do."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]: ...

    def keep(self, table: str, sql: str) -> None: ...

    def drop(self, table: str) -> None: ...

    def literal_table(self, table: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> None: ...

    def open_json(self, view: str, files: Sequence[Path], shape: Mapping[str, Shape]) -> None: ...

    def open_parquet(self, view: str, files: Sequence[Path], shape: Mapping[str, Shape] | None = None) -> None: ...

    def view(self, table: str, sql: str) -> None: ...

    def bucket(self, column: str, buckets: int) -> str: ...

    def write(self, sql: str, folder: Path, buckets: int) -> None: ...  # as Parquet, `bucket=0` and so on by patient

    def write_file(self, sql: str, file: Path, csv: bool = False) -> None: ...

    def each(self, array: str, field: str) -> str: ...

    def where(self, array: str, test: str) -> str: ...  # `test` calls the element x

    def pairs(self, array: str) -> str: ...  # only `system` and `code` of each element

    def moment(self, written: str) -> str: ...  # text as a point in time; NULL where no calendar knows it

    def together(self, arrays: Sequence[str], shape: Shape) -> str: ...

    def first(self, array: str) -> str: ...

    def as_json(self, columns: Sequence[str]) -> str: ...  # one object of these columns, as text

    def shape_type(self, shape: Shape) -> str: ...


@contextmanager
def engine_of(url: str, memory: str, threads: int, spill: Path) -> Iterator[Engine]:
    """The engine that a URL names: `duckdb`, `local[*]` or `spark://host:port`.

    Parameters
    ----------
    memory
        The most that DuckDB may hold, such as "8GB"; what does not fit goes to `spill`. Spark takes its own settings.
    threads
        Threads of DuckDB; 0 for one per core.

    Raises
    ------
    InputError
        When there is no such engine, or its library is not installed.
    """
    if url == "duckdb":
        engine: Duck | Spark = Duck(memory, threads, spill)
    elif url.startswith(("local", "spark://", "yarn", "k8s://")):
        engine = Spark(url)
    else:
        raise InputError("--engine", [Fault("", f"is {url[:60]!r}; use duckdb, local[*] or spark://HOST:PORT.")])
    try:
        yield engine
    finally:
        engine.close()


BAD_LINE = re.compile(r'in file "(.*?)",? in line (\d+)', re.S)


def path_word(path: Path) -> str:
    """A path in DuckDB's own quotes, since COPY takes no expression."""
    return "'" + sane(str(path)).replace("'", "''") + "'"


class Duck:
    """DuckDB in this process; tables that do not fit into memory go to disk."""

    def __init__(self, memory: str, threads: int, spill: Path) -> None:
        try:
            import duckdb
        except ImportError:
            message = "needs DuckDB, which is not installed: pip install 'osteon[cohort]'."
            raise InputError("screening a cohort", [Fault("", message)]) from None
        settings: dict[str, Any] = {"temp_directory": str(spill)}
        settings |= {"memory_limit": memory} if memory else {}
        settings |= {"threads": threads} if threads else {}
        try:
            self.connection = duckdb.connect(":memory:", config=settings)
        except duckdb.Error:
            raise InputError("--memory", [Fault("", f"is {memory[:20]!r}; write a size such as 8GB.")]) from None
        self.run("SET TimeZone = 'UTC'")
        for macro in SPARK_NAMES:
            self.run(f"CREATE TEMP MACRO {macro}")

    def close(self) -> None:
        self.connection.close()

    def run(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """One statement; a line that cannot be read is told by file and line, without its words."""
        import duckdb

        try:
            return self.connection.execute(sql, values)
        except duckdb.InvalidInputException as wrong:
            found = BAD_LINE.search(str(wrong))
            if found is None:
                raise
            message = "is no such resource: an element has the wrong type, or the line is no JSON. Mend or remove it."
            raise InputError(Path(found[1]).name, [Fault("", message, int(found[2]))]) from None
        except duckdb.OutOfMemoryException:
            message = "is too little for this export, with the disk that is left. Give more."
            raise InputError("--memory", [Fault("", message)]) from None

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.run(sql).fetchall()
        return found

    def keep(self, table: str, sql: str) -> None:
        self.run(f"CREATE OR REPLACE TEMP TABLE {name(table)} AS {sql}")

    def drop(self, table: str) -> None:
        self.run(f"DROP TABLE IF EXISTS {name(table)}")

    def literal_table(self, table: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> None:
        typed = ", ".join(f"{name(column)} {kind}" for column, kind in columns)
        self.run(f"CREATE OR REPLACE TEMP TABLE {name(table)} ({typed})")
        if rows:
            lists = ", ".join(f"unnest(CAST(? AS {kind}[]))" for _, kind in columns)
            self.run(f"INSERT INTO {name(table)} SELECT {lists}", [list(cells) for cells in zip(*rows, strict=True)])

    def open_json(self, view: str, files: Sequence[Path], shape: Mapping[str, Shape]) -> None:
        types = ", ".join(f"{name(column)}: {word(self.shape_type(kind))}" for column, kind in shape.items())
        options = f"columns = {{{types}}}, format = 'newline_delimited', maximum_object_size = {LONGEST_LINE}"
        listed = ", ".join(word(str(file)) for file in files)
        self.run(f"CREATE OR REPLACE TEMP VIEW {name(view)} AS SELECT * FROM read_json([{listed}], {options})")

    def open_parquet(self, view: str, files: Sequence[Path], shape: Mapping[str, Shape] | None = None) -> None:
        listed = ", ".join(word(str(file / "**/*.parquet" if file.is_dir() else file)) for file in files)
        source = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
        self.view(view, f"SELECT {self.columns(source, shape) if shape else '*'} FROM {source}")

    def columns(self, source: str, shape: Mapping[str, Shape]) -> str:
        """Every column of the shape, in its type; empty where the source has none of that name."""
        there = {row[0]: row[1] for row in self.rows(f"DESCRIBE SELECT * FROM {source}")}
        typed = {column: self.shape_type(kind) for column, kind in shape.items()}
        asked = ", ".join(f"CAST(NULL AS {kind}) AS {name(column)}" for column, kind in typed.items())
        wanted = {row[0]: row[1] for row in self.rows(f"DESCRIBE SELECT {asked}")}
        return ", ".join(
            name(column)
            if there.get(column) == wanted[column]  # a cast that changes nothing is not free
            else f"CAST({name(column) if column in there else 'NULL'} AS {kind}) AS {name(column)}"
            for column, kind in typed.items()
        )

    def view(self, table: str, sql: str) -> None:
        self.run(f"CREATE OR REPLACE TEMP VIEW {name(table)} AS {sql}")

    def bucket(self, column: str, buckets: int) -> str:
        return f"hash({column}) % {buckets}"

    def write(self, sql: str, folder: Path, buckets: int) -> None:
        parted = f"SELECT *, {self.bucket('patient', buckets)} AS bucket FROM ({sql}) AS t"
        self.run(f"COPY ({parted}) TO {path_word(folder)} (FORMAT parquet, PARTITION_BY (bucket))")

    def write_file(self, sql: str, file: Path, csv: bool = False) -> None:
        kind = "FORMAT csv, HEADER" if csv else "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480"
        self.run(f"COPY ({sql}) TO {path_word(file)} ({kind})")

    def each(self, array: str, field: str) -> str:
        return f"list_transform({array}, lambda x: x.{field})"

    def where(self, array: str, test: str) -> str:
        return f"list_filter({array}, lambda x: {test})"

    def pairs(self, array: str) -> str:
        return f"list_transform({array}, lambda x: {{'system': x.system, 'code': x.code}})"

    def moment(self, written: str) -> str:
        return f"TRY_CAST({written} AS TIMESTAMPTZ)"

    def together(self, arrays: Sequence[str], shape: Shape) -> str:
        typed = [f"CAST({array} AS {self.shape_type([shape])})" for array in arrays]
        return typed[0] if len(typed) == 1 else f"list_concat({', '.join(typed)})"

    def first(self, array: str) -> str:
        return f"{array}[1]"

    def as_json(self, columns: Sequence[str]) -> str:
        return f"CAST(to_json({{{', '.join(f'{word(each)}: {name(each)}' for each in columns)}}}) AS VARCHAR)"

    def shape_type(self, shape: Shape) -> str:
        if isinstance(shape, list):
            return f"{self.shape_type(shape[0])}[]"
        if isinstance(shape, Mapping):
            return f"STRUCT({', '.join(f'{name(key)} {self.shape_type(kind)}' for key, kind in shape.items())})"
        return "VARCHAR" if shape == "text" else str(shape)


SPARK_NAMES = (  # functions that Spark has under these names
    "explode(x) AS unnest(x)",
    "size(x) AS len(x)",
    "format_string(form, x) AS printf(form, x)",
    "unix_micros(x) AS epoch_us(x)",
    "date_add(x, days) AS CAST(x + to_days(days) AS DATE)",
    "get_json_object(x, path) AS json_extract_string(x, path)",
)


class Spark:
    """Spark, on this machine or on a cluster; the files must be where its workers can read them."""

    def __init__(self, master: str) -> None:
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            message = "needs Spark, which is not installed: pip install 'osteon[spark]' (and Java 17)."
            raise InputError("--engine", [Fault("", message)]) from None
        running = SparkSession.getActiveSession()
        started = SparkSession.builder.master(master).appName("osteon cohort")
        for key, value in (LOCAL_SPARK if running is None and master.startswith("local") else {}).items():
            started = started.config(key, value)
        self.session = started.getOrCreate() if running is None else running.newSession()
        self.ours = running is None
        self.kept: list[Any] = []
        for key, value in SPARK_SQL.items():
            self.session.conf.set(key, value)
        self.session.sparkContext.setLogLevel("ERROR")  # its warnings quote statements

    def close(self) -> None:
        for frame in self.kept:
            frame.unpersist()
        if self.ours:
            self.session.stop()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.session.sql(sql).collect()]

    def keep(self, table: str, sql: str) -> None:
        frame = self.session.sql(sql).localCheckpoint()
        self.kept.append(frame)
        frame.createOrReplaceTempView(f"`{table}`")

    def drop(self, table: str) -> None:
        self.session.catalog.dropTempView(table)

    def literal_table(self, table: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> None:
        schema = ", ".join(f"`{column}` {SPARK_TYPES.get(kind, kind)}" for column, kind in columns)
        doubles = [kind == "DOUBLE" for _, kind in columns]
        typed = [
            tuple(float(cell) if real and cell is not None else cell for cell, real in zip(row, doubles, strict=True))
            for row in rows
        ]
        self.session.createDataFrame(typed, schema).createOrReplaceTempView(f"`{table}`")

    def open_json(self, view: str, files: Sequence[Path], shape: Mapping[str, Shape]) -> None:
        schema = ", ".join(f"`{column}` {self.shape_type(kind)}" for column, kind in shape.items())
        self.session.read.schema(schema).option("mode", "FAILFAST").json(
            [str(file) for file in files]
        ).createOrReplaceTempView(f"`{view}`")

    def bucket(self, column: str, buckets: int) -> str:
        return f"pmod(hash({column}), {buckets})"

    def view(self, table: str, sql: str) -> None:
        self.session.sql(sql).createOrReplaceTempView(f"`{table}`")

    def open_parquet(self, view: str, files: Sequence[Path], shape: Mapping[str, Shape] | None = None) -> None:
        reader = self.session.read.option("mergeSchema", "true").option("recursiveFileLookup", "true")
        frame = reader.parquet(*(str(file) for file in files))
        for column in set(shape or ()) - set(frame.columns):
            frame = frame.withColumn(column, spark_null(self.shape_type((shape or {})[column])))
        frame.createOrReplaceTempView(f"`{view}`")

    def write(self, sql: str, folder: Path, buckets: int) -> None:
        parted = f"SELECT *, {self.bucket('patient', buckets)} AS bucket FROM ({sql}) AS t"
        self.session.sql(parted).write.mode("overwrite").partitionBy("bucket").parquet(str(folder))

    def write_file(self, sql: str, file: Path, csv: bool = False) -> None:
        import tempfile

        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".osteon-") as beside:
            whole = self.session.sql(sql).coalesce(1).write
            folder = str(Path(beside, "whole"))
            whole.option("header", "true").csv(folder) if csv else whole.parquet(folder)
            (part,) = Path(folder).glob("part-*")
            part.replace(file)

    def each(self, array: str, field: str) -> str:
        return f"transform({array}, x -> x.{field})"

    def where(self, array: str, test: str) -> str:
        return f"filter({array}, x -> {test})"

    def pairs(self, array: str) -> str:
        return f"transform({array}, x -> named_struct('system', x.system, 'code', x.code))"

    def moment(self, written: str) -> str:
        return f"TRY_CAST({written} AS TIMESTAMP)"

    def together(self, arrays: Sequence[str], shape: Shape) -> str:
        empty = f"CAST(array() AS {self.shape_type([shape])})"
        typed = [f"COALESCE(CAST({array} AS {self.shape_type([shape])}), {empty})" for array in arrays]
        return f"concat({', '.join(typed)})"

    def first(self, array: str) -> str:
        return f"get({array}, 0)"

    def as_json(self, columns: Sequence[str]) -> str:
        return f"to_json(named_struct({', '.join(f'{word(each)}, {name(each)}' for each in columns)}))"

    def shape_type(self, shape: Shape) -> str:
        if isinstance(shape, list):
            return f"ARRAY<{self.shape_type(shape[0])}>"
        if isinstance(shape, Mapping):
            return f"STRUCT<{', '.join(f'`{key}`: {self.shape_type(kind)}' for key, kind in shape.items())}>"
        return SPARK_TYPES.get(shape, str(shape))


def spark_null(kind: str) -> Any:
    from pyspark.sql.functions import lit

    return lit(None).cast(kind.replace("VARCHAR", "STRING"))


LOCAL_SPARK = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",  # on one machine nothing listens to the network
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "4g",
    "spark.sql.shuffle.partitions": "8",
}
SPARK_SQL = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.variable.substitute": "false",
    "spark.sql.codegen.wholeStage": "false",  # a thousand columns make no Java method
}
SPARK_TYPES = {"text": "STRING", "VARCHAR": "STRING", "JSON": "STRING"}
