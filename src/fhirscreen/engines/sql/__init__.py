"""A plan as SQL, for a whole hospital's export. Not built yet.

Will hold the views over NDJSON and Parquet, the compiler from a plan to SQL, and the two runtimes that
share it, DuckDB and Spark, which give the same rows as the evaluator.
"""

from __future__ import annotations
