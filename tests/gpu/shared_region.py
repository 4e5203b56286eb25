#!/usr/bin/env python3
"""A client that shares memory of GPU 0 with a server: what the model answers into the region is what it answers in the
response, and what is wrong is refused. Standard library only; the runtime of CUDA is the one that LIBRARY names.

    shared_region.py PORT MODEL OUTPUT LIBRARY      MODEL takes `features`, FP32 [8]; 1 where something differs
"""

import ctypes
import socket
import struct
import sys

from protobuf_bytes import field, varint

SERVICE = "/inference.GRPCInferenceService/"
INPUT_AT, OUTPUT_AT, OUTPUT_BYTES, REGION_BYTES = 256, 1024, 1024, 4096
TO_DEVICE, TO_HOST = 1, 2  # of cudaMemcpyKind
DATA, HEADERS, SETTINGS = 0, 1, 4
END_STREAM, END_HEADERS = 1, 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(text):
    return bytes([len(text)]) + text.encode()


def receive(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            sys.exit("shared_region: the server closed the connection")
        data += more
    return data


def call(port, method, message):
    """The message that a unary call answers; None where it is refused."""
    headers = (b"\x83\x86\x44" + literal(SERVICE + method) + b"\x41" + literal("127.0.0.1") + b"\x5f"
               + literal("application/grpc") + b"\x40" + literal("te") + literal("trailers"))
    body = struct.pack(">BI", 0, len(message)) + message
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0)
                           + frame(HEADERS, END_HEADERS, 1, headers) + frame(DATA, END_STREAM, 1, body))
        while True:
            head = receive(connection, 9)
            payload = receive(connection, int.from_bytes(head[:3], "big"))
            if head[3] == DATA:
                answer += payload
            if head[3] == SETTINGS and not head[4] & 1:
                connection.sendall(frame(SETTINGS, 1, 0))
            if head[3] == HEADERS and head[4] & END_STREAM:
                return answer[5:] if answer else None


def bytes_of(message, wanted):
    """The first field of that number, all of whose neighbours are of bytes."""
    at = 0
    while at < len(message):
        number, length, shift = message[at] >> 3, 0, 0
        while True:
            at += 1
            length |= (message[at] & 0x7F) << shift
            shift += 7
            if not message[at] & 0x80:
                break
        at += 1
        if number == wanted:
            return message[at:at + length]
        at += length
    sys.exit(f"shared_region: the answer has no field {wanted}")


def place(number, offset, byte_size):
    """The parameters of a tensor in the region, as field `number` of it."""
    values = {"shared_memory_region": field(3, b"gpu"), "shared_memory_offset": field(2, offset),
              "shared_memory_byte_size": field(2, byte_size)}
    return b"".join(field(number, field(1, name.encode()) + field(2, value)) for name, value in values.items())


def tensor(more=b""):
    return field(5, field(1, b"features") + field(2, b"FP32") + field(3, varint(1) + varint(8)) + more)


def shared_call(model, output, offset=OUTPUT_AT):
    return (field(1, model) + tensor(place(4, INPUT_AT, 32))
            + field(6, field(1, output) + place(2, offset, OUTPUT_BYTES)))


class Allocation:
    """Memory of GPU 0, of this process."""

    def __init__(self, library):
        self.runtime = ctypes.CDLL(library)
        self.memory = ctypes.c_void_p()
        self.must("cudaSetDevice", 0)
        self.must("cudaMalloc", ctypes.byref(self.memory), ctypes.c_size_t(REGION_BYTES))

    def must(self, function, *words):
        code = getattr(self.runtime, function)(*words)
        if code != 0:
            sys.exit(f"shared_region: {function} answers {code}")

    def at(self, offset):
        return ctypes.c_void_p(self.memory.value + offset)

    def put(self, offset, data):
        self.must("cudaMemcpy", self.at(offset), data, ctypes.c_size_t(len(data)), TO_DEVICE)

    def get(self, offset, count):
        data = ctypes.create_string_buffer(count)
        self.must("cudaMemcpy", data, self.at(offset), ctypes.c_size_t(count), TO_HOST)
        return data.raw

    def handle(self):
        class Handle(ctypes.Structure):
            _fields_ = [("reserved", ctypes.c_char * 64)]

        handle = Handle()
        self.must("cudaIpcGetMemHandle", ctypes.byref(handle), self.memory)
        return ctypes.string_at(ctypes.byref(handle), 64)

    def free(self):
        self.must("cudaFree", self.memory)


def check(holds, what):
    if not holds:
        sys.exit(f"shared_region: expected {what}")


def main(port, model, output, library):
    model, output = model.encode(), output.encode()
    allocation = Allocation(library)
    handle = field(2, allocation.handle())
    numbers = struct.pack("<8f", *(0.25 * i - 1 for i in range(8)))
    allocation.put(INPUT_AT, numbers)
    answered = call(port, "ModelInfer", field(1, model) + tensor() + field(7, numbers))
    check(answered, "the model to be served")
    expected = bytes_of(answered, 6)
    register = field(1, b"gpu") + handle
    check(call(port, "CudaSharedMemoryRegister", register + field(4, 1 << 40)) is None, "too large a region refused")
    check(call(port, "CudaSharedMemoryRegister", field(1, b"gpu") + field(2, b"?" * 64) + field(4, 1)) is None,
          "a handle of nothing refused")
    check(call(port, "CudaSharedMemoryRegister", register + field(4, REGION_BYTES)) is not None, "a region registered")
    check(call(port, "CudaSharedMemoryRegister", register + field(4, 1)) is None, "its name refused to another")
    check(call(port, "ModelInfer", shared_call(model, output, REGION_BYTES)) is None, "a range outside it refused")
    check(call(port, "ModelInfer", shared_call(model, output)) is not None, "an answer into the region")
    check(allocation.get(OUTPUT_AT, len(expected)) == expected, "the same answer in the region as in the response")
    check(call(port, "CudaSharedMemoryUnregister", field(1, b"gpu")) is not None, "the region unregistered")
    check(call(port, "ModelInfer", shared_call(model, output)) is None, "a region that is gone refused")
    allocation.free()
    print(f"CUDA shared memory: {len(expected)} bytes answered into a region, equal")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(int(sys.argv[1]), *sys.argv[2:])
