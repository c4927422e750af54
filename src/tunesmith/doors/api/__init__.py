"""The API: the OpenAI-compatible door over HTTP."""
