package dev.otasigner.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.ParamTree;
import com.sun.source.doctree.ThrowsTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What is public says what it is, and with which reasons it refuses. Enum constants, overriding
 * methods and the constructors that check a record's components need no text of their own.
 */
class JavadocTests {
  private static final Pattern SEVERAL_WORDS = Pattern.compile("\\b[A-Z]+(?:_[A-Z]+)+\\b");
  private static final Set<String> REASONS =
      Arrays.stream(Reason.values()).map(Reason::name).collect(Collectors.toSet());
  private static final Sources SOURCES = new Sources();

  @BeforeAll
  static void readSources() throws IOException {
    JavaCompiler compiler = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler(), "no JDK");
    try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null);
        Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      List<Path> sources = files.filter(file -> file.toString().endsWith(".java")).toList();
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null, manager, null, null, null, manager.getJavaFileObjectsFromPaths(sources));
      SOURCES.trees = DocTrees.instance(task);
      for (CompilationUnitTree unit : task.parse()) {
        SOURCES.scan(unit, null);
      }
    }
  }

  @Test
  void everyPublicTypeMethodAndConstantHasAText() {
    assertThat(SOURCES.seen).contains("Reason", "VerificationKey.of", "TufLimits.COMMON");
    assertThat(SOURCES.silent).isEmpty();
  }

  @Test
  void everyComponentOfARecordIsExplained() {
    assertThat(SOURCES.seen).contains("Manifest.Variant(lengthBytes)");
    assertThat(SOURCES.unexplained).isEmpty();
  }

  @Test
  void everyMethodThatRefusesNamesItsReasons() {
    assertThat(SOURCES.seen).contains("Updater.refresh throws");
    assertThat(SOURCES.withoutReason).isEmpty();
  }

  @Test
  void everyReasonThatIsNamedIsOne() {
    assertThat(SOURCES.reasonsNamed).contains("KEYID_MISMATCH").isSubsetOf(REASONS);
  }

  /** Collects what there is, and what is wanting. */
  private static final class Sources extends TreePathScanner<@Nullable Void, @Nullable Void> {
    private final List<String> seen = new ArrayList<>();
    private final List<String> silent = new ArrayList<>();
    private final List<String> unexplained = new ArrayList<>();
    private final List<String> withoutReason = new ArrayList<>();
    private final List<String> reasonsNamed = new ArrayList<>();
    private @Nullable DocTrees trees;
    private @Nullable ClassTree owner;
    private String name = "";

    @Override
    public @Nullable Void visitClass(ClassTree type, @Nullable Void nothing) {
      if (!isPublic(type.getModifiers())) {
        return null;
      }
      ClassTree outer = owner;
      String outerName = name;
      name += (name.isEmpty() ? "" : ".") + type.getSimpleName();
      requireText(name);
      if (type.getKind() == Tree.Kind.RECORD) {
        requireComponents(type);
      }
      owner = type;
      for (Tree member : type.getMembers()) {
        scan(member, null);
      }
      owner = outer;
      name = outerName;
      return null;
    }

    @Override
    public @Nullable Void visitVariable(VariableTree field, @Nullable Void nothing) {
      boolean constant = field.getModifiers().getFlags().contains(Modifier.STATIC);
      if (isPublic(field.getModifiers())
          && (constant || is(Tree.Kind.INTERFACE))
          && !is(Tree.Kind.ENUM)) {
        requireText(name + "." + field.getName());
      }
      return null;
    }

    @Override
    public @Nullable Void visitMethod(MethodTree method, @Nullable Void nothing) {
      boolean overriding =
          method.getModifiers().getAnnotations().stream()
              .anyMatch(a -> a.getAnnotationType().toString().equals("Override"));
      boolean checksComponents =
          method.getName().contentEquals("<init>")
              && !components(owner).isEmpty()
              && names(method.getParameters()).equals(names(components(owner)));
      if (isPublic(method.getModifiers()) && !overriding && !checksComponents) {
        String called = name + "." + method.getName();
        requireText(called);
        if (method.getThrows().stream().anyMatch(t -> t.toString().equals("RejectedException"))) {
          requireReasons(called + " throws");
        }
      }
      return null;
    }

    private boolean is(Tree.Kind kind) {
      return owner != null && owner.getKind() == kind;
    }

    /** Members of an interface are public unless they are private. */
    private boolean isPublic(ModifiersTree modifiers) {
      return modifiers.getFlags().contains(Modifier.PUBLIC)
          || is(Tree.Kind.INTERFACE) && !modifiers.getFlags().contains(Modifier.PRIVATE);
    }

    private @Nullable DocCommentTree comment() {
      return Objects.requireNonNull(trees).getDocCommentTree(getCurrentPath());
    }

    private void requireText(String what) {
      seen.add(what);
      DocCommentTree comment = comment();
      if (comment == null || comment.getFullBody().isEmpty()) {
        silent.add(what);
      }
    }

    private void requireComponents(ClassTree type) {
      DocCommentTree comment = comment();
      Set<String> explained =
          comment == null
              ? Set.of()
              : comment.getBlockTags().stream()
                  .filter(tag -> tag instanceof ParamTree p && !p.getDescription().isEmpty())
                  .map(tag -> ((ParamTree) tag).getName().toString())
                  .collect(Collectors.toSet());
      for (VariableTree component : components(type)) {
        String what = name + "(" + component.getName() + ")";
        seen.add(what);
        if (!explained.contains(component.getName().toString())) {
          unexplained.add(what);
        }
      }
    }

    private static List<VariableTree> components(@Nullable ClassTree type) {
      if (type == null || type.getKind() != Tree.Kind.RECORD) {
        return List.of();
      }
      return type.getMembers().stream()
          .filter(member -> member instanceof VariableTree)
          .map(member -> (VariableTree) member)
          .filter(field -> !field.getModifiers().getFlags().contains(Modifier.STATIC))
          .toList();
    }

    private static List<String> names(List<? extends VariableTree> variables) {
      return variables.stream().map(variable -> variable.getName().toString()).toList();
    }

    private void requireReasons(String what) {
      seen.add(what);
      DocCommentTree comment = comment();
      String text =
          comment == null
              ? ""
              : comment.getBlockTags().stream()
                  .filter(tag -> tag instanceof ThrowsTree)
                  .map(tag -> (ThrowsTree) tag)
                  .filter(tag -> tag.getExceptionName().toString().equals("RejectedException"))
                  .map(tag -> tag.getDescription().toString())
                  .collect(Collectors.joining(" "));
      SEVERAL_WORDS
          .matcher(text.replaceAll("\\{@link [^}]*}", ""))
          .results()
          .map(MatchResult::group)
          .forEach(reasonsNamed::add);
      // Or it says where they are named.
      if (!text.contains("{@link ") && REASONS.stream().noneMatch(text::contains)) {
        withoutReason.add(what);
      }
    }
  }
}
