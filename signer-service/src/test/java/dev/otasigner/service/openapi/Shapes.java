package dev.otasigner.service.openapi;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.json.Json;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The shapes of bodies that the service reads and writes as {@link Json}, because they are the
 * contracts' documents and are read by the strict reader that the device uses. The component names
 * are the members' names; {@link Facets} knows their vocabularies and bounds.
 */
final class Shapes {
  private Shapes() {}

  record Problem(
      @Facets.Is("problemType") String type,
      String title,
      @Facets.Is("status") int status,
      String detail,
      @Nullable String instance,
      @Nullable String code,
      @Nullable Integer retryAfterSeconds,
      @Nullable UUID incident,
      @Nullable Long seq,
      @Nullable Refusal refusal,
      @Nullable List<PolicyReason> reasons,
      @Nullable String expected,
      @Nullable String actual,
      @Nullable List<UploadedFile> stored,
      @Nullable List<JudgedRequest> requests,
      @Nullable Impact impact,
      @Nullable Boolean acceptable,
      @Nullable Long rotation,
      @Nullable List<SigningHint> hints) {}

  record JudgedRequest(List<PolicyReason> reasons) {}

  record UploadedFile(String name, Digest sha256, long length) {}

  record Refusal(
      boolean accepted,
      String reason,
      @Nullable String detail,
      @Nullable String expected,
      @Nullable String actual,
      @Nullable Long offset) {}

  record PolicyReason(String code, String detail) {}

  record WhoAmI(
      @Facets.Is("actorKind") String kind,
      @Facets.Is("actorName") String name,
      List<String> roles,
      @Nullable String product) {}

  record UserChange(
      String change,
      String name,
      List<String> roles,
      @Nullable @Facets.Is("password") String oneTimePassword,
      @Nullable UUID id,
      @Nullable @Facets.Is("actorName") String proposedBy,
      @Nullable Instant waitingUntil) {}

  record NewKey(
      String name,
      String purpose,
      String suite,
      @Nullable String product,
      @Nullable @Facets.Is("tokenName") String token,
      @Nullable Instant notBefore,
      @Nullable Instant notAfter,
      @Nullable Long quota) {}

  record ImportedKey(
      String name,
      String purpose,
      String suite,
      @Nullable String product,
      @Nullable @Facets.Is("tokenName") String token,
      @Nullable Instant notBefore,
      @Nullable Instant notAfter,
      @Nullable Long quota,
      @Nullable @Facets.Is("base64") String pkcs8,
      @Nullable @Facets.Is("uri") String uri) {}

  record Key(
      Digest keyId,
      String name,
      @Facets.Is("tokenName") String token,
      String purpose,
      String suite,
      int strengthBits,
      @Facets.Is("keyState") String state,
      @Nullable String product,
      Instant created,
      @Facets.Is("base64") String spki,
      @Nullable Boolean ruleEndOwed,
      @Nullable Boolean onceExtractable) {}

  record KeyDetails(
      Digest keyId,
      String name,
      @Facets.Is("tokenName") String token,
      String purpose,
      String suite,
      int strengthBits,
      @Facets.Is("keyState") String state,
      @Nullable String product,
      Instant created,
      @Facets.Is("base64") String spki,
      @Nullable Boolean ruleEndOwed,
      @Nullable Boolean onceExtractable,
      List<KeyTransition> states,
      @Nullable KeyLimits limits) {}

  record KeyTransition(
      @Facets.Is("keyState") String state, Instant at, String actor, @Nullable String reason) {}

  record KeyLimits(
      @Facets.Is("approvals") int minApprovals,
      @Nullable Instant notBefore,
      @Nullable Instant notAfter,
      @Nullable Long quota,
      @Nullable Long remaining) {}

  record NewKeyLimits(
      @Nullable Instant notBefore, @Nullable Instant notAfter, @Nullable Long quota) {}

  record KeyMove(@Facets.Is("tokenName") String token) {}

  record KeyStateChange(@Nullable @Facets.Is("reason1000") String reason) {}

  record AuditPage(List<AuditRecord> records, long size, @Nullable Long next) {}

  record AuditRecord(
      long seq,
      @Nullable Digest prev,
      Instant at,
      String actor,
      String action,
      String subject,
      Map<String, String> details) {}

  record ProvedRecord(long leaf, long size, String record, List<Digest> hashes) {}

  record GrowthProof(long from, long to, List<Digest> hashes) {}

  record ImageEvidence(String about, String checkpoint, List<ProvedRecord> records, boolean more) {}

  record Report(
      @Facets.Is("reportKind") String report,
      String title,
      Instant made,
      Instant from,
      Instant to,
      List<ReportSection> sections) {}

  record ReportSection(
      String title, List<String> notes, List<String> columns, List<List<String>> rows) {}

  record NewProduct(@Facets.Is("name") String name, @Nullable ProductPolicy policy) {}

  record Product(@Facets.Is("name") String name, ProductPolicy policy) {}

  record ProductPolicy(
      @Nullable Boolean evenMajorsOnly,
      @Nullable Long maxCounterStep,
      @Nullable Integer timestampDays,
      @Nullable @Facets.Is("imageFormat") List<String> formats,
      @Nullable @Facets.Is("name") List<String> hardware,
      @Nullable @Facets.Is("name") List<String> stableChannels,
      @Nullable List<String> requesters,
      @Nullable List<KeyDemand> keys,
      @Nullable @Facets.Is("approvals") Integer approvals,
      @Nullable @Facets.Is("approvals") Integer emergencyApprovals,
      @Nullable Boolean bareDigests,
      @Nullable AutomaticStop automaticStop) {}

  record PolicyChange(
      UUID id,
      @Facets.Is("name") String product,
      ProductPolicy policy,
      Digest replaces,
      @Facets.Is("actorName") String proposedBy,
      Instant waitingUntil) {}

  record KeyDemand(
      String purpose,
      Instant from,
      @Nullable @Facets.Is("approvals") Integer minStrengthBits,
      @Nullable @Facets.Is("suite") List<String> suites) {}

  record NewLineage(String name, @Nullable Boolean postQuantum) {}

  record Lineage(
      String product, String name, boolean postQuantum, Digest rootSha256, Instant created) {}

  record RoleKeysOrder(
      @Nullable Boolean postQuantum,
      @Nullable Boolean targets,
      @Nullable @Facets.Is("roleName") List<String> replace) {}

  record RoleKeys(String product, @Facets.Is("name") String lineage, OnlineKeys online) {}

  record OnlineKeys(
      List<String> snapshot, List<String> timestamp, @Nullable List<String> targets) {}

  record TargetsOrder(@Nullable Json root, Instant signBy, Instant expires) {}

  record SignedByHolders(@Nullable Json root, @Nullable Json targets) {}

  record CeremonyFile(
      List<CeremonySignature> signatures,
      Json signed,
      @Nullable Integer schema,
      @Nullable @Facets.Is("base64") List<String> roots,
      @Nullable @Facets.Is("base64") String before) {}

  record CeremonySignature(Digest keyid, @Facets.Is("hex") String sig) {}

  record Ceremony(
      String product,
      String name,
      boolean postQuantum,
      int rootVersion,
      Digest rootSha256,
      Instant rootExpires,
      Holders root,
      Holders targets,
      @Nullable @Facets.Is("length") Long targetsVersion,
      @Nullable Instant targetsExpires,
      List<String> waitsForHolders,
      List<RootChange> changes) {}

  record Holders(boolean unattended, @Facets.Is("count") int threshold, List<String> holders) {}

  record RootChange(
      UUID id,
      Digest fingerprint,
      @Facets.Is("actorName") String proposedBy,
      Instant waitingUntil) {}

  record NewRelease(
      String channel,
      String hardware,
      String version,
      @Nullable Boolean bridge,
      @Nullable Integer sharePerMille,
      @Nullable Boolean lowerShare,
      @Nullable @Facets.Is("notes") String notes,
      @Nullable AutomaticStop automaticStop,
      @Nullable List<StrandedDevices> stranded) {}

  record Resumed(
      @Nullable Boolean bridge,
      @Nullable Integer sharePerMille,
      @Nullable Boolean lowerShare,
      @Nullable @Facets.Is("notes") String notes,
      @Nullable AutomaticStop automaticStop,
      @Nullable List<StrandedDevices> stranded) {}

  record Ended(@Nullable List<StrandedDevices> stranded) {}

  record StrandedDevices(String version, @Facets.Is("some") int count) {}

  record ListChange(
      @Nullable @Facets.Is("deviceId") List<String> set,
      @Nullable @Facets.Is("deviceId") List<String> add,
      @Nullable @Facets.Is("deviceId") List<String> remove,
      @Nullable List<StrandedDevices> stranded) {}

  record AutomaticStop(
      @Nullable @Facets.Is("stopAction") String action,
      @Nullable @Facets.Is("percent") Integer thresholdPercentage,
      @Nullable @Facets.Is("some") Integer minNumberOfExecutedThings,
      @Nullable @Facets.Is("silenceHours") Integer silenceHours) {}

  record Rollout(
      @Facets.Is("length") long devices,
      @Facets.Is("length") long heard,
      @Facets.Is("length") long inShare,
      @Facets.Is("length") long running,
      @Facets.Is("length") long executed,
      @Facets.Is("length") long installed,
      @Facets.Is("length") long failed,
      @Facets.Is("length") long silent) {}

  record ReleaseWarning(String code, String detail, @Facets.Is("length") long count) {}

  record Release(
      String product,
      String channel,
      String hardware,
      ImageVersion version,
      boolean bridge,
      int sharePerMille,
      @Facets.Is("releaseState") String state,
      @Facets.Is("notes") String notes,
      String author,
      Instant created,
      Instant changed,
      @Nullable Instant offeredUntil,
      @Nullable String halted,
      List<VersionRange> from,
      List<Requirement> requires,
      @Nullable Rollout rollout,
      @Nullable AutomaticStop automaticStop,
      @Nullable @Facets.Is("deviceId") List<String> test,
      @Nullable @Facets.Is("deviceId") List<String> hold,
      @Nullable List<ReleaseWarning> warnings) {}

  record Anchor(Digest keyId, String suite, @Facets.Is("base64") String spki) {}

  record BootAnchor(
      Digest keyId,
      String suite,
      @Facets.Is("base64") String spki,
      @Facets.Is("imageHash") String hash,
      boolean pure) {}

  record Bootloader(
      @Nullable String hardware,
      @Facets.Is("name") String id,
      List<BootAnchor> anchors,
      List<BootAnchor> trialAnchors,
      boolean allowList,
      boolean rollbackProtection,
      boolean updatable,
      String keyTlv,
      long slotBytes) {}

  record Profile(
      @Facets.Is("schema") @Nullable Integer schema,
      List<String> knows,
      ProfileManifest manifest,
      ProfileLineage lineage,
      int minStrengthBits,
      ProfileTls tls,
      List<String> servers,
      @Facets.Is("port") List<Integer> ports) {}

  record ProfileManifest(Json rule, @Nullable List<Json> anchors) {}

  record ProfileLineage(
      String name, @Nullable Digest rootSha256, @Nullable ProfileThresholds thresholds) {}

  record ProfileThresholds(
      @Facets.Is("approvals") int classical, @Facets.Is("approvals") int postQuantum) {}

  record ProfileTls(
      List<String> versions,
      List<String> suites,
      @Nullable List<String> groups,
      List<String> serverAnchors,
      @Facets.Is("clientKey") String clientKey) {}

  record RequestPage(List<SigningRequest> requests, @Nullable String next) {}

  record Pruning(
      String product,
      ImageVersion version,
      @Facets.Is("digest") List<String> files,
      @Facets.Is("digest") List<String> shared,
      List<String> catalogue,
      @Facets.Is("length") long bytes) {}

  record BuildPage(List<Build> builds, @Nullable String next) {}

  record ReleasePage(List<Release> releases, @Nullable String next) {}

  record DevicePage(List<DeviceSummary> devices, @Nullable String next) {}

  record DeviceSummary(
      String deviceId,
      String hardware,
      String revision,
      String channel,
      ImageVersion version,
      String bootloader,
      boolean enrolled,
      @Nullable Instant lastSeen,
      @Nullable String lastListener,
      @Nullable String lastProtocol,
      @Nullable String lastGroup) {}

  record ImportedDevices(
      long rows,
      long added,
      long unchanged,
      long updated,
      long refused,
      List<RefusedRow> errors,
      boolean dryRun) {}

  record RefusedRow(long line, String reason) {}

  record Device(
      @Facets.Is("schema") int schema,
      String deviceId,
      String product,
      DeviceHardware hardware,
      String channel,
      DeviceClock clock,
      Bootloader bootloader,
      DeviceBuild running,
      Map<String, String> components,
      long securityCounter,
      String lineage,
      long rootVersion,
      DeviceCertificate clientCert,
      boolean enrolled,
      @Nullable Instant lastSeen,
      @Nullable String lastListener,
      @Nullable String lastProtocol,
      @Nullable String lastGroup) {}

  record DeviceHardware(@Facets.Is("name") String id, @Facets.Is("name") String revision) {}

  record DeviceClock(@Facets.Named("class") @Facets.Is("clockClass") String kind, Instant floor) {}

  record DeviceBuild(ImageVersion version, Digest manifest, Digest profile) {}

  record DeviceCertificate(@Facets.Is("clientKey") String keyType, Instant notAfter) {}

  record Payload(Digest sha256, long length) {}

  record Upload(
      Digest sha256, long length, long received, boolean complete, @Nullable Boolean receiving) {}

  record NewBareDigest(
      String key,
      @Facets.Is("hex") String digest,
      @Nullable @Facets.Is("idempotencyKey") String idempotencyKey) {}

  record BareDigest(
      UUID id,
      String product,
      String requester,
      Digest keyId,
      @Facets.Is("hex") String digest,
      boolean unjudged,
      @Facets.Is("base64") String signature,
      Instant created) {}

  record NewSigningRequests(List<NewSigningRequest> requests) {}

  record HardwareRevisions(
      @Facets.Is("name") String id, @Facets.Is("name") List<String> revisions) {}

  record VersionRange(String min, String max) {}

  record Requirement(@Facets.Is("name") String component, String min) {}

  record BootloaderName(@Facets.Is("name") String id) {}

  record NewSigningRequest(
      String version,
      long securityCounter,
      List<HardwareRevisions> hardware,
      @Facets.Is("imageFormat") String format,
      Digest payload,
      @Nullable List<String> imageKeys,
      List<String> manifestKeys,
      Digest profile,
      @Nullable List<VersionRange> from,
      @Nullable List<Requirement> requires,
      @Nullable BootloaderName bootloader,
      @Nullable Boolean finished,
      @Nullable @Facets.Is("idempotencyKey") String idempotencyKey,
      @Nullable @Facets.Is("reason500") String emergency,
      @Nullable @Facets.Is("headerSize") Integer headerSize,
      @Nullable @Facets.Is("slotSize") Long slotSize,
      @Nullable @Facets.Is("align") Integer align,
      @Nullable Boolean pad,
      @Nullable Boolean confirm,
      @Nullable Boolean padHeader) {}

  record SigningRequest(
      UUID id,
      String product,
      ImageVersion version,
      String requester,
      @Facets.Is("requestState") String state,
      @Nullable Digest digest,
      int attempts,
      Instant created,
      Instant changed,
      @Nullable List<PolicyReason> reasons,
      @Nullable Refusal refusal,
      @Nullable ImageVersion build) {}

  record SigningRequestDetails(
      UUID id,
      String product,
      ImageVersion version,
      String requester,
      @Facets.Is("requestState") String state,
      @Nullable Digest digest,
      int attempts,
      Instant created,
      Instant changed,
      @Nullable List<PolicyReason> reasons,
      @Nullable Refusal refusal,
      @Nullable ImageVersion build,
      List<SigningAttempt> history,
      @Nullable RequestDocument document,
      @Nullable Json draft,
      @Facets.Is("headerSize") int headerSize,
      @Nullable ProductPolicy policy,
      List<ApprovalWord> approvals,
      @Nullable @Facets.Is("approvals") Integer approvalsNeeded) {}

  record SigningAttempt(int number, Instant begun, @Facets.Is("attemptOutcome") String outcome) {}

  record RequestDocument(
      UUID id,
      String requester,
      String product,
      @Facets.Is("name") List<String> hardware,
      @Facets.Is("text") String purpose,
      List<Digest> keyIds,
      List<RequestPayload> payloads,
      Digest manifest,
      List<Digest> toBeSigned,
      Digest policy,
      @Nullable Emergency emergency,
      Instant created) {}

  record Emergency(@Facets.Is("reason500") String reason, List<PolicyReason> waived) {}

  record RequestPayload(Digest sha256, long length, String kind) {}

  record ApprovalWord(
      String approver,
      @Facets.Is("decision") String decision,
      Digest keyId,
      Instant notAfter,
      @Nullable String reason,
      Instant received,
      @Nullable Instant takenBack,
      Digest digest) {}

  record NewApproval(@Facets.Is("base64") String envelope) {}

  record Rejection(@Facets.Is("reason500") String reason) {}

  record PushedImage(
      Digest image,
      @Nullable @Facets.Is("base64") String manifest,
      @Nullable @Facets.Is("idempotencyKey") String idempotencyKey,
      @Nullable List<HardwareRevisions> hardware,
      @Nullable List<String> manifestKeys,
      @Nullable Digest profile,
      @Nullable List<VersionRange> from,
      @Nullable List<Requirement> requires,
      @Nullable BootloaderName bootloader) {}

  record Build(
      @Facets.Is("schema") int schema,
      List<String> critical,
      String product,
      List<HardwareRevisions> hardware,
      ImageVersion version,
      long securityCounter,
      @Facets.Is("imageFormat") String format,
      Instant built,
      List<Variant> variants,
      Digest profile,
      List<VersionRange> from,
      List<Requirement> requires,
      @Nullable BootloaderComponent bootloader,
      Digest manifest,
      @Nullable UUID request,
      String author,
      Instant created,
      @Nullable Instant pruned) {}

  record Variant(
      @Facets.Is("name") String name,
      long length,
      Digest sha256,
      @Nullable String suite,
      @Nullable @Facets.Is("imageHash") String hash,
      @Nullable Boolean pure,
      List<Digest> anchors) {}

  record BootloaderComponent(
      @Facets.Is("name") String id, long length, Digest sha256, List<BootAnchor> anchors) {}

  record Cohort(
      long cohort,
      long count,
      @Facets.Is("deviceId") String first,
      @Facets.Is("name") String hardware,
      @Facets.Is("name") String revision,
      @Facets.Is("name") String channel,
      ImageVersion version,
      Digest manifest,
      Digest profile,
      @Facets.Is("name") String bootloader,
      boolean updatable,
      long securityCounter,
      @Facets.Is("name") String lineage,
      long rootVersion,
      @Facets.Is("clockClass") String clockClass,
      @Nullable @Facets.Is("clientKey") String clientKey,
      @Nullable Instant certificateFrom,
      @Nullable Instant firstSeen,
      @Nullable Instant lastSeen,
      long unseen,
      long writtenOff,
      @Nullable Digest declaredProfile,
      boolean profileRegistered) {}

  record CohortList(List<Cohort> cohorts) {}

  record CohortDevicePage(List<CohortDevice> devices, @Nullable String next) {}

  record CohortDevice(@Facets.Is("deviceId") String deviceId) {}

  record ImpactQuestion(
      @Nullable List<String> retireKeys,
      @Nullable String closeListener,
      @Nullable List<String> closeListeners,
      @Nullable DroppedTls dropTls,
      @Nullable List<WithdrawnRelease> withdraw,
      @Nullable List<ImageVersion> prune,
      @Nullable Integer minStrengthBits,
      @Nullable Boolean hybridManifests,
      @Nullable List<String> endLineages,
      @Nullable List<String> fixBootloaders,
      @Nullable Instant at) {}

  record DroppedTls(
      @Nullable List<String> versions,
      @Nullable List<String> suites,
      @Nullable List<String> groups,
      @Nullable List<String> ports) {}

  record WithdrawnRelease(
      @Facets.Is("name") String channel,
      @Facets.Is("name") String hardware,
      ImageVersion version) {}

  record Impact(boolean allowed, List<CohortImpact> cohorts, @Nullable Long policyRuns) {}

  record EndAlarmList(List<EndAlarm> alarms, @Nullable Instant looked) {}

  record EndAlarm(
      @Facets.Is("name") String product,
      String what,
      Instant ends,
      String stage,
      Instant raised,
      Instant judged,
      long devices,
      int cohortCount,
      String text,
      String remedy,
      String why,
      ImpactQuestion ask,
      List<CohortImpact> cohorts) {}

  record HandshakeList(List<Handshake> handshakes) {}

  record Handshake(
      Digest profile,
      String host,
      int port,
      Instant tried,
      boolean old,
      boolean expected,
      boolean reached,
      String reason,
      String detail) {}

  record Repair(String kind, String what) {}

  record CohortImpact(
      String product,
      long cohort,
      List<String> devices,
      int count,
      ImageVersion version,
      @Facets.Is("name") String hardware,
      @Facets.Is("name") String channel,
      @Facets.Is("name") String bootloader,
      @Facets.Is("name") String lineage,
      boolean served,
      @Nullable Boolean strandedBefore,
      List<ImageVersion> way,
      @Nullable String check,
      @Nullable String reason,
      @Nullable String detail,
      @Nullable ImageVersion savedBy,
      @Nullable Instant until,
      @Nullable String untilWhat,
      @Nullable Long writtenOff,
      List<Repair> repairs) {}

  record NamedCohort(long cohort, long count) {}

  record NewWriteOff(ImpactQuestion change, List<NamedCohort> cohorts, String reason) {}

  record WriteOffApproval(long devices) {}

  record WriteOffEnd(String reason) {}

  record WrittenOffCohort(
      long cohort,
      long count,
      ImageVersion version,
      @Facets.Is("name") String hardware,
      @Facets.Is("name") String channel,
      @Facets.Is("name") String bootloader,
      @Facets.Is("name") String lineage,
      String check,
      String reason,
      String detail) {}

  record GivenApproval(String approver, Instant given) {}

  record WriteOff(
      String id,
      String product,
      @Facets.Is("writeOffState") String state,
      ImpactQuestion change,
      String reason,
      long devices,
      List<WrittenOffCohort> cohorts,
      String proposedBy,
      Instant created,
      List<GivenApproval> approvals,
      int needed,
      @Nullable Instant waitingUntil,
      @Nullable Instant inForce,
      @Nullable Long standing,
      @Nullable Instant ended,
      @Nullable String endedBy,
      @Nullable String endedReason) {}

  record WriteOffPage(List<WriteOff> writeOffs, @Nullable String next) {}

  record RotatedKeys(String oldKey, String newKey) {}

  record NextStep(
      @Facets.Is("rotationStep") String step, @Nullable List<WithdrawnRelease> releases) {}

  record RotationReason(@Facets.Is("reason500") String reason) {}

  record RotatedKey(
      @Facets.Is("name") String name,
      Digest keyId,
      @Facets.Is("purpose") String purpose,
      @Facets.Is("suite") String suite,
      @Facets.Is("keyState") String state) {}

  record Rotation(
      @Nullable Long id,
      @Facets.Is("name") String product,
      RotatedKey oldKey,
      RotatedKey newKey,
      @Facets.Is("rotationState") String state,
      @Nullable String startedBy,
      @Nullable Instant started,
      @Nullable String abortedBy,
      @Nullable Instant aborted,
      @Nullable String reason) {}

  record RotationPage(List<Rotation> rotations, @Nullable String next) {}

  record RotationPlace(
      @Nullable Long id,
      @Facets.Is("name") String product,
      RotatedKey oldKey,
      RotatedKey newKey,
      @Facets.Is("rotationState") String state,
      @Nullable String startedBy,
      @Nullable Instant started,
      @Nullable String abortedBy,
      @Nullable Instant aborted,
      @Nullable String reason,
      RotatedDevices devices,
      List<StepPlace> steps,
      List<String> notes,
      Impact impact) {}

  record RotatedDevices(long count, long through, long left, long writtenOff) {}

  record StepPlace(
      @Facets.Is("rotationStep") String step,
      @Facets.Is("stepState") String state,
      String detail,
      @Nullable List<SigningHint> hints,
      @Nullable List<MissingRelease> releases) {}

  record SigningHint(@Facets.Is("name") String hardware, String what, @Nullable String command) {}

  record MissingRelease(
      @Facets.Is("name") String channel,
      @Facets.Is("name") String hardware,
      ImageVersion version,
      long count,
      @Facets.Is("releaseState") @Nullable String state) {}
}
