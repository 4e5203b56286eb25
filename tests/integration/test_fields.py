"""Every field of every request that the server takes, set to what lies at the edge of something: each answer is a result
or the caller's own fault, and the server serves on."""

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor

from conftest import features, mlp_request
from support import protocol

SERVICES = ("inference.GRPCInferenceService", "driftserve.v1.Prediction", "grpc.health.v1.Health")
METHODS = [(service, method) for service in SERVICES for method in protocol.unary_methods(service)]
CALLERS_FAULT = {grpc.StatusCode[name] for name in ("INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION",
                                                    "UNIMPLEMENTED", "DEADLINE_EXCEEDED")}
INTEGERS = {FieldDescriptor.CPPTYPE_INT32: (0, 1, -1, 2**31 - 1, -2**31), FieldDescriptor.CPPTYPE_INT64: (0, 1, -1, 2**63 - 1, -2**63),
            FieldDescriptor.CPPTYPE_UINT32: (0, 1, 2**32 - 1), FieldDescriptor.CPPTYPE_UINT64: (0, 1, 2**64 - 1)}
REALS = (0.0, -0.0, 1e308, 5e-324, float("inf"), float("nan"))
TEXTS = ("", "mlp", "/", "../..", "nul\0", "long" * 5000, "€", "{}", "%s%n")


def edges(field):
    if field.cpp_type in INTEGERS:
        return INTEGERS[field.cpp_type]
    if field.cpp_type in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return REALS[:1] + REALS[3:] if field.cpp_type == FieldDescriptor.CPPTYPE_FLOAT else REALS
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return (False, True)
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        return tuple(value.number for value in field.enum_type.values) + (99,)
    return tuple(text.encode() for text in TEXTS) + (b"\xff",) if field.type == FieldDescriptor.TYPE_BYTES else TEXTS


def is_map(field):
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def changes(descriptor, reach=lambda message: message):
    """One function for each field within and each edge: it changes a message."""
    for field in descriptor.fields:
        if is_map(field):
            yield from map_changes(field, reach)
        elif field.message_type is not None:
            yield from changes(field.message_type, lambda message, field=field: inner(reach(message), field))
        else:
            for value in edges(field):
                yield lambda message, field=field, value=value: put(reach(message), field, value)


def map_changes(field, reach):
    value_field = field.message_type.fields_by_name["value"]
    for key in edges(field.message_type.fields_by_name["key"]):
        yield lambda message, key=key: getattr(reach(message), field.name)[key]  # reading it makes it
    if value_field.message_type is None:
        for value in edges(value_field):
            yield lambda message, value=value: getattr(reach(message), field.name).update({"key": value})
        return
    for key in ("timeout", "features", "log_info", "trace_level", "config", "key"):
        yield from changes(value_field.message_type, lambda message, key=key: getattr(reach(message), field.name)[key])


def inner(message, field):
    """The message within, made where there is none."""
    held = getattr(message, field.name)
    if not field.is_repeated:
        held.SetInParent()
        return held
    return held[0] if len(held) > 0 else held.add()


def put(message, field, value):
    if field.is_repeated:
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)


def right(method, request_class):
    """A request with nothing wrong, as far as there is one for the method."""
    if method == "ModelInfer":
        return mlp_request(features(1))
    request = request_class()
    for name in ("name", "model_name"):
        if name in request_class.DESCRIPTOR.fields_by_name:
            setattr(request, name, "mlp")
    if method == "Predict":
        for column in range(8):
            request.columns[f"f{column}"].doubles.values.append(0.5)
    return request


@pytest.fixture(scope="module")
def served(start):
    return start({"mlp": {}})


@pytest.mark.parametrize("service,method", METHODS)
def test_every_field(served, service, method):
    request_class = protocol.unary_methods(service)[method]
    refused = 0
    with served.channel() as channel:
        call = getattr(protocol.Stub(channel, service), method)
        for change in changes(request_class.DESCRIPTOR):
            request = right(method, request_class)
            change(request)
            try:
                call(request, timeout=30)
            except grpc.RpcError as error:
                assert error.code() in CALLERS_FAULT, (request, error)
                assert error.details(), request
                refused += 1
        if method in ("ModelInfer", "Predict", "ModelConfig", "ModelStatistics"):
            assert refused > 0
        assert protocol.inference(channel).ModelInfer(mlp_request(features(1))).model_name == "mlp"
