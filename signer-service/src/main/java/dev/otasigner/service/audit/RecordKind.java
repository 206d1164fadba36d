package dev.otasigner.service.audit;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The closed list of what is recorded: what is not in it can not be. {@code
 * docs/reference/audit.md} explains each; a test compares.
 */
public enum RecordKind {
  // people and programs
  SESSION_OPENED("session.opened"),
  SESSION_DENIED("session.denied"),
  ISSUED_TOKEN_REFUSED("issued-token.refused"),
  SESSION_CLOSED("session.closed"),
  USER_CREATED("user.created"),
  USER_PASSWORD_CHANGED("user.password-changed"),
  USER_DELETED("user.deleted"),
  USER_ROLES_GRANTED("user.roles-granted"),
  USER_ROLES_TAKEN("user.roles-taken"),
  USER_CHANGE_PROPOSED("user.change-proposed"),
  USER_CHANGE_DROPPED("user.change-dropped"),
  API_KEY_CREATED("api-key.created"),
  API_KEY_DELETED("api-key.deleted"),
  // what was refused, before it became anything
  CALL_REFUSED("call.refused"),
  REFUSALS_COUNTED("refusals.counted"),
  // keys
  KEY_CREATED("key.created"),
  KEY_IMPORTED("key.imported"),
  KEY_ADOPTED("key.adopted"),
  KEY_ACTIVE("key.active"),
  KEY_SUSPENDED("key.suspended"),
  KEY_DEACTIVATED("key.deactivated"),
  KEY_COMPROMISED("key.compromised"),
  KEY_DESTROYED("key.destroyed"),
  KEY_LIMITED("key.limited"),
  KEY_MOVED("key.moved"),
  KEY_RULE_ENDED("key.rule-ended"),
  KEY_USED("key.used"),
  // configuration
  PRODUCT_CREATED("product.created"),
  POLICY_CHANGED("policy.changed"),
  POLICY_CHANGE_PROPOSED("policy.change-proposed"),
  POLICY_CHANGE_DROPPED("policy.change-dropped"),
  HARDWARE_ADDED("hardware.added"),
  CHANNEL_ADDED("channel.added"),
  FACTORY_ADDED("factory.added"),
  BOOTLOADER_REGISTERED("bootloader.registered"),
  PROFILE_REGISTERED("profile.registered"),
  AUTHORITY_CREATED("authority.created"),
  LISTENER_OPENED("listener.opened"),
  LISTENER_CLOSED("listener.closed"),
  LISTENER_SUNSET("listener.sunset"),
  LISTENER_KEPT("listener.kept"),
  LISTENER_CERTIFIED("listener.certified"),
  LISTENER_NAMES_CHANGED("listener.names-changed"),
  LINEAGE_CREATED("lineage.created"),
  LINEAGE_SIGNED_BY_HOLDERS("lineage.signed-by-holders"),
  LINEAGE_ROOT_PROPOSED("lineage.root-proposed"),
  LINEAGE_ROOT_DROPPED("lineage.root-dropped"),
  LINEAGE_KEYS_REPLACED("lineage.keys-replaced"),
  ALARM_RAISED("alarm.raised"),
  HANDSHAKE_FAILED("handshake.failed"),
  HANDSHAKES_TRIED("handshakes.tried"),
  CATALOGUE_INTENT_DURABLE("catalogue.intent-durable"),
  WEBHOOK_ADDED("webhook.added"),
  WEBHOOK_REMOVED("webhook.removed"),
  WEBHOOK_TESTED("webhook.tested"),
  WEBHOOK_GIVEN_UP("webhook.given-up"),
  // devices
  DEVICE_MANUFACTURED("device.manufactured"),
  DEVICES_IMPORTED("devices.imported"),
  DEVICE_SECRET_ISSUED("device.secret-issued"),
  DEVICE_ENROLLED("device.enrolled"),
  DEVICE_RENEWED("device.renewed"),
  WRITE_OFF_PROPOSED("write-off.proposed"),
  WRITE_OFF_APPROVED("write-off.approved"),
  WRITE_OFF_IN_FORCE("write-off.in-force"),
  WRITE_OFF_ENDED("write-off.ended"),
  WRITE_OFF_USED("write-off.used"),
  // signing
  REQUEST_RECEIVED("request.received"),
  REQUEST_JUDGED("request.judged"),
  REQUEST_REFUSED("request.refused"),
  REQUEST_AWAITING_APPROVAL("request.awaiting-approval"),
  REQUEST_APPROVE("request.approve"),
  REQUEST_REVOKE("request.revoke"),
  REQUEST_APPROVED("request.approved"),
  REQUEST_INTENT_DURABLE("request.intent-durable"),
  REQUEST_SIGNED("request.signed"),
  REQUEST_ACCEPTED("request.accepted"),
  REQUEST_READY("request.ready"),
  REQUEST_FAILED("request.failed"),
  DIGEST_RECEIVED("digest.received"),
  DIGEST_SIGNED("digest.signed"),
  BUILD_REGISTERED("build.registered"),
  BUILD_PRUNED("build.pruned"),
  // releases
  RELEASE_PUBLISHED("release.published"),
  RELEASE_PAUSED("release.paused"),
  RELEASE_WITHDRAWN("release.withdrawn"),
  RELEASE_STOPPED("release.stopped"),
  RELEASE_HALTED("release.halted"),
  RELEASE_DEVICES_NAMED("release.devices-named"),
  RELEASE_TAKEN_BACK("release.taken-back"),
  // rotations
  ROTATION_STARTED("rotation.started"),
  ROTATION_ADVANCED("rotation.advanced"),
  ROTATION_ABORTED("rotation.aborted"),
  // evidence that left
  REPORT_MADE("report.made"),
  EVIDENCE_EXPORTED("evidence.exported");

  private static final Map<String, RecordKind> BY_CODE =
      Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(RecordKind::code, kind -> kind));

  private final String code;

  RecordKind(String code) {
    this.code = code;
  }

  /** As it stands in a record, such as {@code key.active}. */
  public String code() {
    return code;
  }

  /**
   * The kind of this code.
   *
   * @throws IllegalArgumentException when the list has none: it must be explained first
   */
  static RecordKind ofCode(String code) {
    RecordKind kind = BY_CODE.get(code);
    if (kind == null) {
      throw new IllegalArgumentException("no kind of audit record: " + code);
    }
    return kind;
  }
}
