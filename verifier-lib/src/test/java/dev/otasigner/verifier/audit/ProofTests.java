package dev.otasigner.verifier.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class ProofTests {
  private static final int LARGEST = 64;
  private static final List<Digest> LEAVES = ReferenceTree.leaves(LARGEST + 1);

  private static Digest head(int size) {
    return ReferenceTree.head(LEAVES.subList(0, size));
  }

  private static InclusionProof inclusion(int leaf, int size) {
    return new InclusionProof(leaf, size, ReferenceTree.path(leaf, LEAVES.subList(0, size)));
  }

  private static ConsistencyProof consistency(int from, int to) {
    return new ConsistencyProof(from, to, ReferenceTree.proof(from, LEAVES.subList(0, to)));
  }

  private static void refused(ThrowingCallable call) {
    assertThatExceptionOfType(RejectedException.class).isThrownBy(call);
  }

  private static void refused(Reason reason, ThrowingCallable call) {
    assertThatExceptionOfType(RejectedException.class)
        .isThrownBy(call)
        .extracting(RejectedException::reason)
        .isEqualTo(reason);
  }

  /** The seven inputs and the heads that implementations of RFC 6962 are commonly tested with. */
  @Test
  void headsAreThoseThatOthersCompute() {
    String[] inputs = {
      "",
      "00",
      "10",
      "2021",
      "3031",
      "40414243",
      "5051525354555657",
      "606162636465666768696a6b6c6d6e6f"
    };
    String[] heads = {
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    };
    GrowingTree tree = new GrowingTree();
    assertThat(tree.root().hex())
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (int i = 0; i < inputs.length; i++) {
      tree.add(TreeHash.leaf(HexFormat.of().parseHex(inputs[i])));
      assertThat(tree.root().hex()).as("head of %d", i + 1).isEqualTo(heads[i]);
    }
  }

  @Test
  void aGrowingTreeHasTheHeadOfTheDefinition() {
    GrowingTree tree = new GrowingTree();
    for (int size = 0; size <= LARGEST; size++) {
      assertThat(tree.size()).isEqualTo(size);
      assertThat(tree.root()).isEqualTo(head(size));
      tree.add(LEAVES.get(size));
    }
  }

  @Test
  void everyRecordOfEveryTreeIsProvedToBeInIt() throws RejectedException {
    for (int size = 1; size <= LARGEST; size++) {
      for (int leaf = 0; leaf < size; leaf++) {
        inclusion(leaf, size).verify(LEAVES.get(leaf), head(size));
      }
    }
  }

  @Test
  void everyTreeIsProvedToExtendEverySmallerOne() throws RejectedException {
    for (int to = 1; to <= LARGEST; to++) {
      for (int from = 1; from <= to; from++) {
        consistency(from, to).verify(head(from), head(to));
      }
    }
  }

  @Test
  void noBitOfAnInclusionProofCanBeFlipped() {
    for (int size : new int[] {1, 2, 3, 7, 8, 13, LARGEST}) {
      for (int leaf = 0; leaf < size; leaf++) {
        InclusionProof proof = inclusion(leaf, size);
        Digest hash = LEAVES.get(leaf);
        for (List<Digest> flipped : flipped(proof.hashes())) {
          InclusionProof other = new InclusionProof(leaf, size, flipped);
          refused(Reason.METADATA_DIGEST_MISMATCH, () -> other.verify(hash, head(other)));
        }
        for (Digest other : flipped(hash)) {
          refused(() -> proof.verify(other, head(proof)));
        }
        for (Digest other : flipped(head(size))) {
          refused(() -> proof.verify(hash, other));
        }
      }
    }
  }

  private static Digest head(InclusionProof proof) {
    return head((int) proof.size());
  }

  @Test
  void noBitOfAConsistencyProofCanBeFlipped() {
    for (int to : new int[] {2, 3, 7, 8, 13, 40}) {
      for (int from = 1; from < to; from++) {
        ConsistencyProof proof = consistency(from, to);
        Digest earlier = head(from);
        Digest later = head(to);
        for (List<Digest> flipped : flipped(proof.hashes())) {
          ConsistencyProof other = new ConsistencyProof(from, to, flipped);
          refused(Reason.METADATA_DIGEST_MISMATCH, () -> other.verify(earlier, later));
        }
        for (Digest other : flipped(earlier)) {
          refused(() -> proof.verify(other, later));
        }
        for (Digest other : flipped(later)) {
          refused(() -> proof.verify(earlier, other));
        }
      }
    }
  }

  @Test
  void aProofForAnotherPlaceIsRefused() {
    for (int size = 2; size <= 20; size++) {
      for (int leaf = 0; leaf < size; leaf++) {
        List<Digest> hashes = inclusion(leaf, size).hashes();
        Digest hash = LEAVES.get(leaf);
        Digest root = head(size);
        for (int other = 0; other < size; other++) {
          if (other != leaf) {
            InclusionProof moved = new InclusionProof(other, size, hashes);
            refused(() -> moved.verify(hash, root));
          }
        }
      }
    }
  }

  @Test
  void aHashTooFewIsRefused() {
    for (int size = 2; size <= 20; size++) {
      for (int leaf = 0; leaf < size; leaf++) {
        List<Digest> hashes = inclusion(leaf, size).hashes();
        InclusionProof shorter =
            new InclusionProof(leaf, size, hashes.subList(0, hashes.size() - 1));
        Digest hash = LEAVES.get(leaf);
        Digest root = head(size);
        refused(Reason.MALFORMED, () -> shorter.verify(hash, root));
      }
      for (int from = 1; from < size; from++) {
        List<Digest> hashes = consistency(from, size).hashes();
        ConsistencyProof shorter =
            new ConsistencyProof(from, size, hashes.subList(0, hashes.size() - 1));
        Digest earlier = head(from);
        Digest later = head(size);
        refused(Reason.MALFORMED, () -> shorter.verify(earlier, later));
      }
    }
  }

  @Test
  void aHashTooManyIsRefused() {
    for (int size = 1; size <= 20; size++) {
      Digest root = head(size);
      for (int leaf = 0; leaf < size; leaf++) {
        InclusionProof longer =
            new InclusionProof(leaf, size, more(inclusion(leaf, size).hashes()));
        Digest hash = LEAVES.get(leaf);
        refused(Reason.MALFORMED, () -> longer.verify(hash, root));
      }
      for (int from = 1; from <= size; from++) {
        ConsistencyProof longer =
            new ConsistencyProof(from, size, more(consistency(from, size).hashes()));
        Digest earlier = head(from);
        refused(Reason.MALFORMED, () -> longer.verify(earlier, root));
      }
    }
  }

  private static List<Digest> more(List<Digest> hashes) {
    List<Digest> more = new ArrayList<>(hashes);
    more.add(TreeHash.EMPTY);
    return more;
  }

  @Test
  void aRecordThatTheTreeHasNotIsRefused() {
    Digest root = head(4);
    refused(
        Reason.MALFORMED,
        () -> new InclusionProof(4, 4, inclusion(3, 4).hashes()).verify(LEAVES.get(3), root));
    refused(
        Reason.MALFORMED,
        () -> new InclusionProof(-1, 4, inclusion(3, 4).hashes()).verify(LEAVES.get(3), root));
    refused(
        Reason.MALFORMED,
        () -> new InclusionProof(0, 0, List.of()).verify(LEAVES.get(0), TreeHash.EMPTY));
  }

  @Test
  void aProofOfMoreHashesThanAnyTreeNeedsIsRefused() {
    List<Digest> many = Collections.nCopies(64, TreeHash.EMPTY);
    refused(
        Reason.LIMIT_EXCEEDED,
        () -> new InclusionProof(0, Long.MAX_VALUE, many).verify(TreeHash.EMPTY, TreeHash.EMPTY));
    refused(
        Reason.LIMIT_EXCEEDED,
        () -> new ConsistencyProof(1, Long.MAX_VALUE, many).verify(TreeHash.EMPTY, TreeHash.EMPTY));
  }

  @Test
  void aTreeThatShrankIsRefused() {
    refused(
        Reason.METADATA_ROLLED_BACK,
        () -> new ConsistencyProof(5, 4, List.of()).verify(head(5), head(4)));
  }

  @Test
  void twoHeadsOfOneSizeAreRefused() {
    refused(
        Reason.METADATA_DIGEST_MISMATCH,
        () -> new ConsistencyProof(5, 5, List.of()).verify(head(5), head(4)));
  }

  @Test
  void nothingIsProvedByATreeWithoutRecords() {
    refused(
        Reason.MALFORMED,
        () -> new ConsistencyProof(0, 3, List.of()).verify(TreeHash.EMPTY, head(3)));
  }

  /** A leaf and a node over the same bytes have different hashes: RFC 6962 2.1. */
  @Test
  void aNodeIsNotTakenForALeaf() {
    byte[] node =
        (new String(LEAVES.get(0).bytes(), StandardCharsets.ISO_8859_1)
                + new String(LEAVES.get(1).bytes(), StandardCharsets.ISO_8859_1))
            .getBytes(StandardCharsets.ISO_8859_1);
    assertThat(TreeHash.leaf(node)).isNotEqualTo(TreeHash.node(LEAVES.get(0), LEAVES.get(1)));
  }

  private static List<List<Digest>> flipped(List<Digest> hashes) {
    List<List<Digest>> all = new ArrayList<>();
    for (int i = 0; i < hashes.size(); i++) {
      for (Digest other : flipped(hashes.get(i))) {
        List<Digest> changed = new ArrayList<>(hashes);
        changed.set(i, other);
        all.add(changed);
      }
    }
    return all;
  }

  private static List<Digest> flipped(Digest hash) {
    List<Digest> all = new ArrayList<>();
    for (int bit = 0; bit < 256; bit++) {
      byte[] bytes = hash.bytes();
      bytes[bit / 8] ^= (byte) (1 << (bit % 8));
      all.add(Digest.ofHash(bytes));
    }
    return all;
  }
}
