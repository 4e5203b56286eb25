"""The server's protocol as Python classes, made at run time from proto/ by protoc.

They live in a descriptor pool of their own, so that they never meet the copies that tritonclient registers.
"""

import functools
import os
import pathlib
import subprocess
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = ("inference/grpc_service.proto", "driftserve/v1/predict.proto", "driftserve/v1/record.proto",
         "driftserve/v1/event.proto", "grpc/health/v1/health.proto", "reflection.proto")


def descriptor_set(folder):
    """Writes the descriptors of every file into `folder` and returns their path."""
    out = os.path.join(folder, "set")
    subprocess.run(["protoc", f"-I{ROOT / 'proto'}", f"-I{pathlib.Path(__file__).parent}", "--include_imports",
                    f"--descriptor_set_out={out}", *FILES], check=True)
    return out


@functools.cache
def _pool():
    with tempfile.TemporaryDirectory() as folder:
        files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(descriptor_set(folder)).read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool


@functools.cache
def message(full_name):
    """The class of a message: message("driftserve.v1.Record")."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(full_name))


@functools.cache
def _method(path):
    service, name = path.strip("/").split("/")
    method = _pool().FindServiceByName(service).methods_by_name[name]
    return message_factory.GetMessageClass(method.input_type), message_factory.GetMessageClass(method.output_type), method


def unary_methods(service):
    """{name: request class} of the methods of a service that stream neither way."""
    return {method.name: message_factory.GetMessageClass(method.input_type)
            for method in _pool().FindServiceByName(service).methods
            if not method.client_streaming and not method.server_streaming}


class Stub:
    """The methods of one service on a channel, sync or aio: Stub(channel, "grpc.health.v1.Health").Check(request)."""

    def __init__(self, channel, service):
        self._channel = channel
        self._service = service

    def __getattr__(self, name):
        path = f"/{self._service}/{name}"
        _, reply, method = _method(path)
        kind = ("stream" if method.client_streaming else "unary") + "_" + ("stream" if method.server_streaming else "unary")
        call = getattr(self._channel, kind)(path, request_serializer=lambda m: m.SerializeToString(),
                                            response_deserializer=reply.FromString)
        setattr(self, name, call)
        return call


def inference(channel):
    return Stub(channel, "inference.GRPCInferenceService")


def prediction(channel):
    return Stub(channel, "driftserve.v1.Prediction")


def health(channel):
    return Stub(channel, "grpc.health.v1.Health")


def reflection(channel):
    return Stub(channel, "grpc.reflection.v1alpha.ServerReflection")


def infer_request(model, inputs, version="", request_id="", parameters=None):
    """A ModelInferRequest with raw contents. `inputs`: (name, datatype, shape, bytes)."""
    request = message("inference.ModelInferRequest")(model_name=model, model_version=version, id=request_id)
    for name, datatype, shape, raw in inputs:
        request.inputs.add(name=name, datatype=datatype, shape=shape)
        request.raw_input_contents.append(raw)
    for key, value in (parameters or {}).items():
        request.parameters[key].string_param = value
    return request


def grpc_body(request):
    """A request as the body of an HTTP/2 call: five bytes of prefix, then the message."""
    payload = request.SerializeToString()
    return b"\0" + len(payload).to_bytes(4, "big") + payload
