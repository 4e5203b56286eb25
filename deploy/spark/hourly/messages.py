"""The topic's messages as Python classes, out of the descriptor set that is installed with the server."""

import functools

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


@functools.lru_cache(maxsize=8)
def message_class(descriptors, full_name):
    """The class of `full_name`. `descriptors`: a FileDescriptorSet's bytes. ValueError if it is none or lacks it."""
    pool = descriptor_pool.DescriptorPool()
    try:
        for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file:
            pool.Add(file)
        return message_factory.GetMessageClass(pool.FindMessageTypeByName(full_name))
    except Exception as error:  # protobuf's own errors share no base class
        raise ValueError(f"not a descriptor set with {full_name}: {error}") from error
