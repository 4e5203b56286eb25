"""The hourly aggregation without Spark: records to cells, to blocks that add up, to PSI, KS and a report."""
