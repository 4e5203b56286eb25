"""The network in MLServer, in its own process."""

import network
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse


class Mlp(MLModel):
    async def load(self):
        self._run = network.load()
        return True

    async def predict(self, payload):
        rows = self.decode(payload.inputs[0], default_codec=NumpyCodec)
        output = NumpyCodec.encode_output("score", self._run(rows))
        return InferenceResponse(model_name=self.name, model_version="1", outputs=[output])
