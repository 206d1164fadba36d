package dev.otasigner.service.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.audit.TreeHash;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Against the reference leaves and roots that the Certificate Transparency projects share. */
class MerkleTreeTests {
  private static final List<String> LEAVES =
      List.of(
          "",
          "00",
          "10",
          "2021",
          "3031",
          "40414243",
          "5051525354555657",
          "606162636465666768696a6b6c6d6e6f");

  private static final List<String> ROOTS =
      List.of(
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
          "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");

  /** Keeps nodes in memory and refuses what the real store refuses. */
  private static final class MemoryNodes implements MerkleTree.Nodes, MerkleTree.NewNodes {
    private final Map<String, Digest> hashes = new HashMap<>();

    @Override
    public Digest get(int level, long position) {
      Digest hash = hashes.get(level + "/" + position);
      if (hash == null) {
        throw new AssertionError("no node " + level + "/" + position);
      }
      return hash;
    }

    @Override
    public void put(int level, long position, Digest hash) {
      assertThat(hashes.put(level + "/" + position, hash)).isNull();
    }
  }

  @Test
  void rootOfEverySizeIsTheReferences() {
    MemoryNodes nodes = new MemoryNodes();
    MerkleTree tree = new MerkleTree(nodes);
    assertThat(tree.root(0).hex()).isEqualTo(ROOTS.get(0));
    for (int i = 0; i < LEAVES.size(); i++) {
      append(nodes, tree, i, HexFormat.of().parseHex(LEAVES.get(i)));
      assertThat(tree.root(i + 1).hex()).isEqualTo(ROOTS.get(i + 1));
    }
    for (int size = 0; size < ROOTS.size(); size++) {
      assertThat(tree.root(size).hex()).as("earlier root").isEqualTo(ROOTS.get(size));
    }
  }

  @Test
  void rootEqualsTheOneComputedFromAllLeaves() {
    MemoryNodes nodes = new MemoryNodes();
    MerkleTree tree = new MerkleTree(nodes);
    for (int i = 0; i < 200; i++) {
      append(nodes, tree, i, new byte[] {(byte) i});
    }
    for (int size = 1; size <= 200; size++) {
      assertThat(tree.root(size)).isEqualTo(slowly(0, size));
    }
  }

  private static final int SIZES = 70;

  private static MerkleTree tree(int size) {
    MemoryNodes nodes = new MemoryNodes();
    MerkleTree tree = new MerkleTree(nodes);
    for (int i = 0; i < size; i++) {
      append(nodes, tree, i, new byte[] {(byte) i});
    }
    return tree;
  }

  @Test
  void everyInclusionProofIsTakenByTheVerifier() throws Exception {
    MerkleTree tree = tree(SIZES);
    for (int size = 1; size <= SIZES; size++) {
      for (int leaf = 0; leaf < size; leaf++) {
        tree.inclusion(leaf, size).verify(TreeHash.leaf(new byte[] {(byte) leaf}), slowly(0, size));
      }
    }
  }

  @Test
  void everyConsistencyProofIsTakenByTheVerifier() throws Exception {
    MerkleTree tree = tree(SIZES);
    for (int to = 1; to <= SIZES; to++) {
      for (int from = 1; from <= to; from++) {
        tree.consistency(from, to).verify(slowly(0, from), slowly(0, to));
      }
    }
  }

  /** Whatever the size, a proof reads about as many hashes as twice the tree's height. */
  @Test
  void aProofOverMillionsOfRecordsReadsFewHashes() {
    long[] asked = {0};
    MerkleTree tree =
        new MerkleTree(
            (level, position) -> {
              asked[0]++;
              return TreeHash.EMPTY;
            });
    long size = (1L << 20) + (1L << 19) + 12_345;
    for (long place = 1; place < size; place += size / 999) {
      asked[0] = 0;
      tree.inclusion(place, size);
      assertThat(asked[0]).as("inclusion of %d", place).isLessThanOrEqualTo(42);
      asked[0] = 0;
      tree.consistency(place, size);
      assertThat(asked[0]).as("consistency from %d", place).isLessThanOrEqualTo(62);
    }
  }

  private static void append(MemoryNodes nodes, MerkleTree tree, long position, byte[] leaf) {
    Digest hash = TreeHash.leaf(leaf);
    nodes.put(0, position, hash);
    tree.append(position, hash, nodes);
  }

  /** RFC 6962 2.1, word for word. */
  private static Digest slowly(int from, int to) {
    if (to - from == 1) {
      return TreeHash.leaf(new byte[] {(byte) from});
    }
    int k = Integer.highestOneBit(to - from - 1);
    return TreeHash.node(slowly(from, from + k), slowly(from + k, to));
  }
}
