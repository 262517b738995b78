"""Return a dictionary that lies about its length, keys and items."""


class Liar(dict):
    turns = 0

    def __len__(self):
        return 2**40

    def __iter__(self):
        return iter(["a", "a", "b"])

    def keys(self):
        return ["nothing"]

    def items(self):
        Liar.turns += 1
        return [("summary", {"turn": Liar.turns}), ("summary", Liar() if Liar.turns < 300 else 1)]


def run(inputs):
    return Liar()
