"""What the DAG drift_retraining needs besides Airflow: which events start it, its settings, its commands.

Standard library only, so that it is tested without Airflow. It must be importable by Airflow's dag processor, triggerer
and workers: put its parent folder on PYTHONPATH, or copy it into the plugins folder.
"""
