"""The server whose repository is changed, asked over gRPC; and its page of metrics."""

import http.client
import time
import urllib.error
import urllib.request

import tritonclient.grpc as triton

from faults import BadInput, Refused
from retries import Away

CALL_SECONDS = 10
LOAD_SECONDS = 300  # a load waits for the trial of each version


def _code(error):
    return (error.status() or "").removeprefix("StatusCode.")


class Server:
    """One model of one server. Every call is tried again while the server is away (Retries)."""

    def __init__(self, address, model, retries):
        self.address, self.model, self.retries = address, model, retries
        try:
            self._client = triton.InferenceServerClient(address)
        except Exception as error:  # tritonclient raises what its channel does
            raise BadInput(f"--server: expected host:port, got {address}: {error}") from error

    def _call(self, what, function):
        def once():
            try:
                return function()
            except triton.InferenceServerException as error:
                if _code(error) in ("UNAVAILABLE", "CANCELLED"):
                    raise Away(error.message()) from error
                raise
        return self.retries.call(f"{what} at {self.address}", once)

    def check(self):
        """Raises Unreachable where nobody answers."""
        self._call("server", lambda: self._client.is_server_live(client_timeout=CALL_SECONDS))

    def ready(self, version):
        try:
            return self._call("model", lambda: self._client.is_model_ready(
                self.model, str(version), client_timeout=CALL_SECONDS))
        except triton.InferenceServerException as error:
            if _code(error) == "NOT_FOUND":
                return False
            raise Refused(f"readiness of version {version}: {error}") from error

    def versions(self):
        """Versions served, ascending; none where the model is not known."""
        try:
            answer = self._call("model", lambda: self._client.get_model_metadata(
                self.model, client_timeout=CALL_SECONDS))
        except triton.InferenceServerException as error:
            if _code(error) == "NOT_FOUND":
                return []
            raise Refused(f"metadata of {self.model}: {error}") from error
        return sorted(int(version) for version in answer.versions)

    def load(self):
        """Has the server read the model's folder again: true when it has; false where it looks by itself
        (repository.control: poll). Raises Refused with its reason where it does not serve what is there."""
        try:
            self._call("load", lambda: self._client.load_model(self.model, client_timeout=LOAD_SECONDS))
            return True
        except triton.InferenceServerException as error:
            if _code(error) == "FAILED_PRECONDITION":
                return False
            raise Refused(f"the server refuses {self.model} ({_code(error)}): {error.message()}") from error

    def failure(self, version):
        """Why the server's own look at the repository failed on this version; nothing where it did not."""
        index = self._call("index", lambda: self._client.get_model_repository_index(client_timeout=CALL_SECONDS))
        reasons = {row.reason for row in index.models if row.name == self.model}
        return next((reason for reason in reasons if f"/{self.model}/{version}/" in reason), None)

    def wait(self, what, holds, version, seconds, clock=time.monotonic, sleep=time.sleep):
        """Returns once `holds()` is true; Refused where the server says meanwhile why it will not serve `version`,
        BadInput after `seconds`."""
        end = clock() + seconds
        while not holds():
            reason = self.failure(version)
            if reason:
                raise Refused(f"the server refuses version {version}: {reason}")
            if clock() >= end:
                raise BadInput(f"waited {seconds:g} s for {what}: expected a server with repository.control explicit, "
                               "or poll and repository.poll_interval_ms below that; --ready-timeout waits longer")
            sleep(0.1)


def scrape(url, retries):
    """The text of a page of metrics."""
    def once():
        try:
            with urllib.request.urlopen(url, timeout=CALL_SECONDS) as response:
                return response.read().decode()
        except urllib.error.HTTPError as error:
            raise BadInput(f"--metrics: expected the page /metrics of a driftserve, got status {error.code} of {url}") \
                from error
        except (OSError, http.client.HTTPException) as error:
            raise Away(str(error)) from error
    return retries.call(url, once)
