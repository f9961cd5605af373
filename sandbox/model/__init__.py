"""The Azure OpenAI data plane: who may call, what a model answers, what the account logs."""

from sandbox.model.face import model_face

__all__ = ["model_face"]
