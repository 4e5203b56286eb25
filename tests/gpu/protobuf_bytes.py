"""Messages of Protobuf, written by hand: a machine with torch has no other library for them."""


def varint(number):
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(data + bytearray([number]))


def field(number, value):
    """A field of bytes or of an integer."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value
