"""A field as a manifest declares it, for tests of what the form makes of it."""

from contract.field_parser import parse_field


def make_field(key, **raw):
    problems = []
    built = parse_field(key, raw, f"inputs.{key}", problems, [])
    assert not problems
    return built
