"""A version's figures from a page of metrics: its own samples, and nothing of its neighbour."""

import decision
import pytest
import version_metrics

PAGE = """# HELP driftserve_model_ready 1 while the model version answers requests.
driftserve_model_ready{model_name="m",model_version="2"} 1
driftserve_model_ready{model_name="m",model_version="1"} 1
driftserve_requests_total{model_name="m",model_version="2",method="ModelInfer",code="OK"} 7
driftserve_requests_total{model_name="m",model_version="2",method="Predict",code="OK"} 3
driftserve_requests_total{model_name="m",model_version="2",method="ModelInfer",code="INTERNAL"} 2
driftserve_requests_total{model_name="m",model_version="2",method="ModelInfer",code="UNKNOWN"} 0
driftserve_requests_total{model_name="m",model_version="2",method="ReportLabels",code="OK"} 400
driftserve_requests_total{model_name="m",model_version="1",method="ModelInfer",code="OK"} 1000
driftserve_requests_total{model_name="n",model_version="2",method="ModelInfer",code="OK"} 1000
driftserve_request_duration_seconds_sum{model_name="m",model_version="2"} 0.006
driftserve_request_duration_seconds_count{model_name="m",model_version="2"} 12
driftserve_labels_total{model_name="m",model_version="2",outcome="joined"} 5
driftserve_labels_total{model_name="m",model_version="2",outcome="unknown"} 50
model_prediction_error{model_name="m",model_version="2",error="squared_error"} 0.125
model_prediction_error_standard_error{model_name="m",model_version="2",error="squared_error"} 0.0625
model_concept_drift_state{model_name="m",model_version="2",detector="all",state="warming"} 0
model_concept_drift_state{model_name="m",model_version="2",detector="all",state="stable"} 1
model_concept_drift_state{model_name="m",model_version="2",detector="adwin",state="drifted"} 1
model_drift_state{model_name="m",model_version="2",state="observing"} 1
model_feature_drift{model_name="m",model_version="2",feature="a \\"b\\"",drift_type="psi"} 0.5
model_feature_drift_threshold{model_name="m",model_version="2",feature="a \\"b\\"",drift_type="psi",level="warn"} 0.1
model_feature_drift_threshold{model_name="m",model_version="2",feature="a \\"b\\"",drift_type="psi",level="alert"} 0.25
model_prediction_drift{model_name="m",model_version="2",output="p",drift_type="ks"} 0.02
"""


def test_the_figures_of_a_version():
    found = version_metrics.figures(PAGE, "m", 2)
    feature = ("feature", 'a \\"b\\"', "psi")
    assert found == decision.Figures(
        version=2, ready=True, requests={"OK": 10.0, "INTERNAL": 2.0}, latency_seconds=0.0005, labels=5.0, error=0.125,
        error_standard_error=0.0625, concept_state="stable", model_state="observing",
        drift={feature: 0.5, ("prediction", "p", "ks"): 0.02}, alert={feature: 0.25})
    assert found.drifted([feature]) == [feature]


def test_a_standard_error_that_is_not_stated_is_the_widest_it_can_be():
    page = "\n".join(line for line in PAGE.splitlines() if "standard_error" not in line)
    assert version_metrics.figures(page, "m", 2).error_standard_error == pytest.approx((0.125 * 0.875 / 5) ** 0.5)
    assert version_metrics.figures(page.replace("squared_error", "log_loss"), "m", 2).error_standard_error is None


def test_a_version_that_is_not_there_is_not_ready():
    assert version_metrics.figures(PAGE, "m", 3) == decision.Figures(version=3, ready=False)
