"""The network of a torture: a namespace of its own whose links can be cut, refused and reset.

Every peer reaches the router under an address of its own in 127/8, so that packet filters and
`ss -K` tell the links apart, in both directions: packets to a link's address go to the router,
packets from it come from there.
"""

import subprocess
from collections import Counter

RULES = """
table ip torture {
  set to_router { type ipv4_addr; }
  set from_router { type ipv4_addr; }
  set refused { type ipv4_addr; }
  chain input {
    type filter hook input priority 0;
    ip daddr @to_router drop
    ip saddr @from_router drop
    ip daddr @refused meta l4proto tcp reject with tcp reset
  }
}
"""


def address(number):
    """The address of the number-th link."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


class Network:
    def __init__(self):
        self.counts = Counter()  # how many times an element was put into a set
        self.nft(RULES)

    @staticmethod
    def nft(commands):
        subprocess.run(["nft", "-f", "-"], input=commands, text=True, check=True,
                       capture_output=True)

    def cut(self, link, sets):
        """From now on, packets of the link vanish (to_router, from_router) or are refused."""
        for name in sets:
            self.counts[name, link] += 1
            self.nft(f"add element ip torture {name} {{ {link} }}\n")

    def mend(self, link, sets):
        """Ends one cut; the link stays cut as long as another one lasts."""
        for name in sets:
            self.counts[name, link] -= 1
            if self.counts[name, link] == 0:
                self.nft(f"delete element ip torture {name} {{ {link} }}\n")

    @staticmethod
    def reset(link):
        """Both ends of the link's connections are told that they are over."""
        subprocess.run(["ss", "-K", "-t", "dst", link], check=True, capture_output=True)
