package dev.otasigner.service.openapi;

import static dev.otasigner.service.openapi.Operation.call;
import static dev.otasigner.service.problem.ProblemType.APPROVAL_MISSING;
import static dev.otasigner.service.problem.ProblemType.CONFLICT;
import static dev.otasigner.service.problem.ProblemType.DIGEST_MISMATCH;
import static dev.otasigner.service.problem.ProblemType.KEY_NOT_USABLE;
import static dev.otasigner.service.problem.ProblemType.NOT_ANNOUNCED;
import static dev.otasigner.service.problem.ProblemType.NOT_FOUND;
import static dev.otasigner.service.problem.ProblemType.QUOTA_EXCEEDED;
import static dev.otasigner.service.problem.ProblemType.REFUSED;
import static dev.otasigner.service.problem.ProblemType.TOKEN_UNAVAILABLE;
import static dev.otasigner.service.problem.ProblemType.TOO_MANY_ATTEMPTS;
import static dev.otasigner.service.problem.ProblemType.WOULD_STRAND;
import static dev.otasigner.service.problem.ProblemType.WRONG_CREDENTIALS;

import dev.otasigner.service.openapi.Operation.Answer;
import java.util.ArrayList;
import java.util.List;

/** Every endpoint of the management port, with the name that a generated client gives it. */
final class Operations {
  private static final String BYTES = "application/octet-stream";
  private static final String PRODUCT = "/api/v1/products/{product}";

  private Operations() {}

  static List<Operation> all() {
    List<Operation> all = new ArrayList<>();
    all.addAll(access());
    all.addAll(keys());
    all.addAll(fleet());
    all.addAll(rotations());
    all.addAll(signing());
    all.addAll(catalogue());
    all.addAll(ceremonies());
    all.addAll(evidence());
    return all;
  }

  private static List<Operation> access() {
    return List.of(
        call("GET /api/v1/openapi.json", "getOpenApi", "This document")
            .answers(200, Answer.bytes("application/json")),
        call("POST /api/v1/sessions", "signIn", "Opens a session")
            .refuses(WRONG_CREDENTIALS, TOO_MANY_ATTEMPTS),
        call("DELETE /api/v1/sessions/current", "signOut", "Ends the session"),
        call("GET /api/v1/whoami", "whoAmI", "Tells whose token this is")
            .answers(200, Shapes.WhoAmI.class),
        call("GET /api/v1/users", "listUsers", "Users with their roles"),
        call("POST /api/v1/users", "createUser", "Makes a user with a one-time password")
            .answers(201, Shapes.UserChange.class)
            .answers(202, Shapes.UserChange.class)
            .refuses(CONFLICT),
        call("POST /api/v1/users/{name}/roles", "changeRoles", "Gives roles, or takes some")
            .answers(200, Shapes.UserChange.class)
            .answers(202, Shapes.UserChange.class)
            .refuses(CONFLICT),
        call(
                "PUT /api/v1/users/{name}/password",
                "changePassword",
                "Changes one's own password, or sets a one-time password for another")
            .answers(200, Shapes.UserChange.class)
            .answers(202, Shapes.UserChange.class)
            .answers(204, Answer.nothing())
            .refuses(CONFLICT, TOO_MANY_ATTEMPTS),
        call("DELETE /api/v1/users/{name}", "deleteUser", "Deletes a user and its sessions")
            .answers(202, Shapes.UserChange.class)
            .answers(204, Answer.nothing())
            .refuses(CONFLICT),
        call("GET /api/v1/user-changes", "listUserChanges", "What waits for an administrator")
            .answers(200, Answer.list(Shapes.UserChange.class)),
        call("POST /api/v1/user-changes/{id}/confirm", "confirmUserChange", "Confirms a change")
            .answers(200, Shapes.UserChange.class)
            .refuses(CONFLICT),
        call("DELETE /api/v1/user-changes/{id}", "dropUserChange", "Takes a change back"),
        call("GET /api/v1/api-keys", "listApiKeys", "API keys, without their secrets"),
        call("POST /api/v1/api-keys", "createApiKey", "Makes an API key; the secret is seen once")
            .refuses(CONFLICT, NOT_FOUND),
        call("DELETE /api/v1/api-keys/{id}", "deleteApiKey", "Withdraws an API key"));
  }

  private static List<Operation> keys() {
    List<Operation> keys = new ArrayList<>();
    keys.add(
        call("GET /api/v1/keys", "listKeys", "Keys, by name")
            .answers(200, Answer.list(Shapes.Key.class)));
    keys.add(
        call("POST /api/v1/keys", "createKey", "Makes a key, which does not sign yet")
            .takes(Shapes.NewKey.class)
            .answers(201, Shapes.Key.class)
            .refuses(CONFLICT, KEY_NOT_USABLE, TOKEN_UNAVAILABLE));
    keys.add(
        call("POST /api/v1/keys/import", "importKey", "Takes in a private key, or one of the token")
            .takes(Shapes.ImportedKey.class)
            .answers(201, Shapes.Key.class)
            .refuses(CONFLICT, KEY_NOT_USABLE, TOKEN_UNAVAILABLE));
    keys.add(
        call("GET /api/v1/keys/{key}", "getKey", "A key with its states and limits")
            .answers(200, Shapes.KeyDetails.class));
    keys.add(
        call("GET /api/v1/keys/{key}/public", "getPublicKey", "The public key in PEM")
            .answers(200, Answer.bytes("application/x-pem-file")));
    keys.add(
        call("POST /api/v1/keys/{key}/move", "moveKey", "Moves a key into the hardware module")
            .takes(Shapes.KeyMove.class)
            .answers(200, Shapes.Key.class)
            .refuses(CONFLICT, KEY_NOT_USABLE, TOKEN_UNAVAILABLE));
    keys.add(
        call("POST /api/v1/keys/{key}/limit", "limitKey", "Narrows when and how often a key signs")
            .takes(Shapes.NewKeyLimits.class)
            .answers(200, Shapes.Key.class)
            .refuses(CONFLICT, KEY_NOT_USABLE, TOKEN_UNAVAILABLE, WOULD_STRAND));
    for (String step : List.of("activate", "suspend", "deactivate", "compromise", "destroy")) {
      keys.add(
          call("POST /api/v1/keys/{key}/" + step, step + "Key", "Changes the key's state: " + step)
              .takes(Shapes.KeyStateChange.class)
              .answers(200, Shapes.Key.class)
              .refuses(CONFLICT, KEY_NOT_USABLE, TOKEN_UNAVAILABLE, WOULD_STRAND));
    }
    return keys;
  }

  private static List<Operation> fleet() {
    return List.of(
        call("GET /api/v1/products", "listProducts", "Products")
            .answers(200, Answer.list(Shapes.Product.class)),
        call("POST /api/v1/products", "createProduct", "Makes a product")
            .takes(Shapes.NewProduct.class)
            .answers(201, Shapes.Product.class)
            .refuses(CONFLICT),
        call("GET " + PRODUCT + "/policy", "getPolicy", "What the product demands of its builds")
            .answers(200, Shapes.ProductPolicy.class),
        call("PUT " + PRODUCT + "/policy", "changePolicy", "Replaces the product's policy")
            .takes(Shapes.ProductPolicy.class)
            .answers(200, Shapes.ProductPolicy.class)
            .answers(202, Shapes.PolicyChange.class)
            .refuses(CONFLICT, WOULD_STRAND),
        call(
                "GET " + PRODUCT + "/policy-changes",
                "listPolicyChanges",
                "Policies that wait for a second administrator")
            .answers(200, Answer.list(Shapes.PolicyChange.class)),
        call(
                "POST " + PRODUCT + "/policy-changes/{id}/confirm",
                "confirmPolicyChange",
                "Confirms a policy")
            .answers(200, Shapes.ProductPolicy.class)
            .refuses(CONFLICT, WOULD_STRAND),
        call(
            "DELETE " + PRODUCT + "/policy-changes/{id}",
            "dropPolicyChange",
            "Takes a policy back that waits"),
        call("GET " + PRODUCT + "/hardware", "listHardware", "The product's hardware"),
        call("POST " + PRODUCT + "/hardware", "addHardware", "Adds hardware, or revisions to it")
            .refuses(CONFLICT),
        call("GET " + PRODUCT + "/channels", "listChannels", "The product's channels"),
        call("POST " + PRODUCT + "/channels", "addChannel", "Adds a channel").refuses(CONFLICT),
        call("GET " + PRODUCT + "/factories", "listFactories", "Authorities of its factories"),
        call("POST " + PRODUCT + "/factories", "addFactory", "Adds a factory's authority")
            .refuses(CONFLICT),
        call("GET " + PRODUCT + "/bootloaders", "listBootloaders", "The product's bootloaders")
            .answers(200, Answer.list(Shapes.Bootloader.class)),
        call("POST " + PRODUCT + "/bootloaders", "registerBootloader", "Registers a bootloader")
            .answers(201, Shapes.Bootloader.class)
            .refuses(CONFLICT),
        call("GET " + PRODUCT + "/profiles", "listProfiles", "Digests of its profiles"),
        call("POST " + PRODUCT + "/profiles", "registerProfile", "Registers a profile")
            .takes(Shapes.Profile.class)
            .refuses(REFUSED, CONFLICT, TOKEN_UNAVAILABLE, KEY_NOT_USABLE, NOT_ANNOUNCED),
        call("GET " + PRODUCT + "/profiles/{digest}", "getProfile", "A profile, byte for byte")
            .answers(200, Shapes.Profile.class),
        call("GET " + PRODUCT + "/devices", "listDevices", "The product's devices")
            .answers(200, Shapes.DevicePage.class),
        call("POST " + PRODUCT + "/devices", "manufactureDevice", "Puts a device on record")
            .refuses(CONFLICT),
        call("POST " + PRODUCT + "/devices/import", "importDevices", "Takes a list of devices")
            .answers(200, Shapes.ImportedDevices.class),
        call("GET " + PRODUCT + "/devices/{deviceId}", "getDevice", "A device's state")
            .answers(200, Shapes.Device.class),
        call(
            "POST " + PRODUCT + "/devices/{deviceId}/secret",
            "renewDeviceSecret",
            "Another one-time secret to enrol with"),
        call("GET " + PRODUCT + "/cohorts", "listCohorts", "The devices, counted by their state")
            .answers(200, Shapes.CohortList.class),
        call("GET " + PRODUCT + "/cohorts/{cohort}/devices", "listCohortDevices", "Who they are")
            .answers(200, Shapes.CohortDevicePage.class),
        call("GET /api/v1/listeners", "listListeners", "Open listeners"),
        call("POST /api/v1/listeners", "openListener", "Opens a listener for devices")
            .refuses(CONFLICT),
        call("GET /api/v1/listeners/{name}", "showListener", "Who is on a listener, and needs it"),
        call(
            "POST /api/v1/listeners/{name}/sunset",
            "setListenerSunset",
            "Sets when a listener is to close"),
        call("POST /api/v1/listeners/{name}/close", "closeListener", "Closes a listener")
            .refuses(WOULD_STRAND),
        call("POST " + PRODUCT + "/rotation/impact", "showImpact", "Shows what a change would do")
            .takes(Shapes.ImpactQuestion.class)
            .answers(200, Shapes.Impact.class),
        call(
                "GET " + PRODUCT + "/rotation/alarms",
                "listEndAlarms",
                "Lists what ends by itself and would strand devices")
            .answers(200, Shapes.EndAlarmList.class),
        call(
                "GET " + PRODUCT + "/rotation/handshakes",
                "listHandshakes",
                "Lists the newest real handshakes where devices dial")
            .answers(200, Shapes.HandshakeList.class),
        call(
                "POST " + PRODUCT + "/rotation/handshakes",
                "tryHandshakes",
                "Tries real handshakes where devices dial")
            .answers(200, Shapes.HandshakeList.class),
        call("GET " + PRODUCT + "/write-offs", "listWriteOffs", "Devices that were given up")
            .answers(200, Shapes.WriteOffPage.class),
        call("GET " + PRODUCT + "/write-offs/{id}", "showWriteOff", "Who was given up, by whom")
            .answers(200, Shapes.WriteOff.class),
        call("POST " + PRODUCT + "/write-offs", "proposeWriteOff", "Names devices to be given up")
            .takes(Shapes.NewWriteOff.class)
            .answers(201, Shapes.WriteOff.class)
            .refuses(CONFLICT),
        call("POST " + PRODUCT + "/write-offs/{id}/approve", "approveWriteOff", "Gives them up")
            .takes(Shapes.WriteOffApproval.class)
            .answers(200, Shapes.WriteOff.class)
            .refuses(CONFLICT),
        call("POST " + PRODUCT + "/write-offs/{id}/end", "endWriteOff", "Counts them again")
            .takes(Shapes.WriteOffEnd.class)
            .answers(200, Shapes.WriteOff.class)
            .refuses(CONFLICT));
  }

  private static List<Operation> rotations() {
    String one = PRODUCT + "/rotations/{rotation}";
    return List.of(
        call("POST " + PRODUCT + "/rotation/plan", "planRotation", "Steps of a rotation to come")
            .takes(Shapes.RotatedKeys.class)
            .answers(200, Shapes.RotationPlace.class)
            .refuses(KEY_NOT_USABLE),
        call("GET " + PRODUCT + "/rotations", "listRotations", "Its rotations of keys")
            .answers(200, Shapes.RotationPage.class),
        call("POST " + PRODUCT + "/rotations", "startRotation", "Begins to replace a key")
            .takes(Shapes.RotatedKeys.class)
            .answers(201, Shapes.RotationPlace.class)
            .refuses(CONFLICT, KEY_NOT_USABLE),
        call("GET " + one, "showRotation", "Where a rotation stands")
            .answers(200, Shapes.RotationPlace.class),
        call("POST " + one + "/advance", "advanceRotation", "Does the next step")
            .takes(Shapes.NextStep.class)
            .answers(200, Shapes.RotationPlace.class)
            .refuses(
                CONFLICT, KEY_NOT_USABLE, WOULD_STRAND, REFUSED, NOT_ANNOUNCED, TOKEN_UNAVAILABLE),
        call("POST " + one + "/abort", "abortRotation", "Gives a rotation up")
            .takes(Shapes.RotationReason.class)
            .answers(200, Shapes.RotationPlace.class)
            .refuses(CONFLICT));
  }

  private static List<Operation> signing() {
    String builds = PRODUCT + "/builds";
    return List.of(
        call("PUT /api/v1/payloads", "uploadPayload", "Stores bytes to be signed, as they come")
            .answers(201, Shapes.Payload.class)
            .refuses(QUOTA_EXCEEDED, NOT_FOUND),
        call("POST /api/v1/payloads", "uploadPayloads", "Stores the files of a form")
            .answers(201, Answer.list(Shapes.UploadedFile.class))
            .refuses(QUOTA_EXCEEDED, NOT_FOUND),
        call("PUT /api/v1/payloads/{digest}", "uploadPiece", "Stores a file, or a piece of it")
            .answers(201, Shapes.Upload.class)
            .answers(202, Shapes.Upload.class)
            .refuses(CONFLICT, DIGEST_MISMATCH, QUOTA_EXCEEDED),
        call("GET /api/v1/payloads/{digest}", "getUpload", "How much of a file is there")
            .answers(200, Shapes.Upload.class),
        call("DELETE /api/v1/payloads/{digest}", "dropUpload", "Drops an unfinished upload")
            .refuses(CONFLICT),
        call("POST " + PRODUCT + "/requests", "requestSignature", "Asks for a build to be signed")
            .takes(Shapes.NewSigningRequest.class)
            .answers(201, Shapes.SigningRequest.class)
            .answers(202, Shapes.SigningRequest.class)
            .refuses(CONFLICT, TOKEN_UNAVAILABLE, KEY_NOT_USABLE),
        call("POST " + PRODUCT + "/requests/batch", "requestSignatures", "Asks for several builds")
            .takes(Shapes.NewSigningRequests.class)
            .answers(201, Answer.list(Shapes.SigningRequest.class))
            .answers(202, Answer.list(Shapes.SigningRequest.class))
            .refuses(REFUSED, CONFLICT, TOKEN_UNAVAILABLE, KEY_NOT_USABLE),
        call("POST " + PRODUCT + "/digests", "signBareDigest", "Signs a digest, unjudged")
            .takes(Shapes.NewBareDigest.class)
            .answers(201, Shapes.BareDigest.class)
            .refuses(REFUSED, CONFLICT, APPROVAL_MISSING, TOKEN_UNAVAILABLE, KEY_NOT_USABLE),
        call("GET " + PRODUCT + "/requests", "listRequests", "Its requests, newest first")
            .answers(200, Shapes.RequestPage.class),
        call("GET /api/v1/requests", "listWaitingRequests", "Requests that wait for approvals")
            .answers(200, Shapes.RequestPage.class),
        call("GET /api/v1/requests/{id}", "getRequest", "A request with what is approved")
            .answers(200, Shapes.SigningRequestDetails.class),
        call("GET /api/v1/requests/{id}/payload", "getRequestPayload", "What would be signed")
            .answers(200, Answer.bytes(BYTES)),
        call("POST /api/v1/requests/{id}/approvals", "approveRequest", "Hands in a signed approval")
            .takes(Shapes.NewApproval.class)
            .answers(200, Shapes.SigningRequest.class)
            .refuses(APPROVAL_MISSING, CONFLICT, TOKEN_UNAVAILABLE, KEY_NOT_USABLE),
        call("POST /api/v1/requests/{id}/reject", "rejectRequest", "Ends a request")
            .takes(Shapes.Rejection.class)
            .answers(200, Shapes.SigningRequest.class)
            .refuses(CONFLICT),
        call("GET " + builds, "listBuilds", "Its builds, newest version first")
            .answers(200, Shapes.BuildPage.class),
        call("POST " + builds, "pushBuild", "Registers a finished build, judged like any other")
            .takes(Shapes.PushedImage.class)
            .answers(201, Shapes.Build.class)
            .answers(202, Shapes.SigningRequest.class)
            .refuses(REFUSED, CONFLICT, TOKEN_UNAVAILABLE, KEY_NOT_USABLE),
        call("GET " + builds + "/{version}", "getBuild", "A build")
            .answers(200, Shapes.Build.class),
        call("GET " + builds + "/{version}/pruning", "planPruning", "What pruning it removes")
            .answers(200, Shapes.Pruning.class)
            .refuses(CONFLICT, WOULD_STRAND),
        call("POST " + builds + "/{version}/pruning", "pruneBuild", "Removes its images for good")
            .answers(200, Shapes.Pruning.class)
            .refuses(CONFLICT, WOULD_STRAND),
        call("GET " + builds + "/{version}/manifest", "getBuildManifest", "Its DSSE envelope")
            .answers(200, Answer.bytes(BYTES)),
        call("GET " + builds + "/{version}/variants/{name}", "getBuildVariant", "An image file")
            .answers(200, Answer.bytes(BYTES)),
        call("GET " + builds + "/{version}/profile", "getBuildProfile", "The profile it brings")
            .answers(200, Answer.bytes(BYTES)),
        call("GET " + builds + "/{version}/bootloader", "getBuildBootloader", "Its component")
            .answers(200, Answer.bytes(BYTES)));
  }

  private static List<Operation> catalogue() {
    String one = PRODUCT + "/releases/{channel}/{hardware}/{version}";
    String release = one + "/";
    return List.of(
        call("GET " + PRODUCT + "/releases", "listReleases", "Its releases")
            .answers(200, Shapes.ReleasePage.class),
        call("POST " + PRODUCT + "/releases", "publishRelease", "Lists a build in a channel")
            .takes(Shapes.NewRelease.class)
            .answers(201, Shapes.Release.class)
            .refuses(REFUSED, CONFLICT, WOULD_STRAND, NOT_ANNOUNCED, TOKEN_UNAVAILABLE),
        call("GET " + one, "getRelease", "A release, and how far its rollout has come")
            .answers(200, Shapes.Release.class),
        call("POST " + release + "withdraw", "withdrawRelease", "Takes a build off its channel")
            .takes(Shapes.Ended.class)
            .answers(200, Shapes.Release.class)
            .refuses(REFUSED, CONFLICT, WOULD_STRAND, NOT_ANNOUNCED, TOKEN_UNAVAILABLE),
        call("POST " + release + "pause", "pauseRelease", "Offers a build to nobody for now")
            .takes(Shapes.Ended.class)
            .answers(200, Shapes.Release.class)
            .refuses(REFUSED, CONFLICT, WOULD_STRAND, NOT_ANNOUNCED, TOKEN_UNAVAILABLE),
        call("POST " + release + "stop", "stopRelease", "Ends a rollout for good")
            .takes(Shapes.Ended.class)
            .answers(200, Shapes.Release.class)
            .refuses(REFUSED, CONFLICT, WOULD_STRAND, NOT_ANNOUNCED, TOKEN_UNAVAILABLE),
        call("POST " + release + "resume", "resumeRelease", "Offers a paused build again")
            .takes(Shapes.Resumed.class)
            .answers(200, Shapes.Release.class)
            .refuses(REFUSED, CONFLICT, WOULD_STRAND, NOT_ANNOUNCED, TOKEN_UNAVAILABLE),
        call("POST " + release + "devices/{list}", "nameReleaseDevices", "Who goes first, or waits")
            .takes(Shapes.ListChange.class)
            .answers(200, Shapes.Release.class)
            .refuses(REFUSED, CONFLICT, WOULD_STRAND, NOT_ANNOUNCED, TOKEN_UNAVAILABLE),
        call("GET " + PRODUCT + "/lineages", "listLineages", "Its TUF repositories")
            .answers(200, Answer.list(Shapes.Lineage.class)),
        call("POST " + PRODUCT + "/lineages", "createLineage", "Makes a TUF repository")
            .takes(Shapes.NewLineage.class)
            .answers(201, Shapes.Lineage.class)
            .refuses(CONFLICT, TOKEN_UNAVAILABLE, KEY_NOT_USABLE, NOT_ANNOUNCED));
  }

  private static List<Operation> ceremonies() {
    String lineage = PRODUCT + "/lineages/{lineage}";
    return List.of(
        call("GET " + lineage + "/ceremony", "getCeremony", "Who holds a lineage, and what waits")
            .answers(200, Shapes.Ceremony.class),
        call("GET " + lineage + "/root", "getRoot", "The root in force")
            .answers(200, Shapes.CeremonyFile.class),
        call("POST " + lineage + "/role-keys", "takeRoleKeys", "The service's keys for a plan")
            .takes(Shapes.RoleKeysOrder.class)
            .answers(200, Shapes.RoleKeys.class)
            .refuses(TOKEN_UNAVAILABLE, KEY_NOT_USABLE),
        call("POST " + lineage + "/targets-draft", "draftTargets", "The next targets role to sign")
            .takes(Shapes.TargetsOrder.class)
            .answers(200, Shapes.CeremonyFile.class)
            .refuses(CONFLICT, REFUSED, TOKEN_UNAVAILABLE, KEY_NOT_USABLE),
        call("POST " + lineage + "/signed", "handInSigned", "Publishes what holders have signed")
            .takes(Shapes.SignedByHolders.class)
            .answers(200, Shapes.Ceremony.class)
            .answers(202, Shapes.RootChange.class)
            .refuses(CONFLICT, REFUSED, NOT_ANNOUNCED, TOKEN_UNAVAILABLE, KEY_NOT_USABLE),
        call(
                "POST " + lineage + "/root-changes/{id}/confirm",
                "confirmRootChange",
                "Confirms that a lineage gets holders")
            .answers(200, Shapes.Ceremony.class)
            .refuses(CONFLICT, REFUSED, NOT_ANNOUNCED, TOKEN_UNAVAILABLE, KEY_NOT_USABLE),
        call(
            "DELETE " + lineage + "/root-changes/{id}",
            "dropRootChange",
            "Takes a root back that waits"));
  }

  private static List<Operation> evidence() {
    return List.of(
        call("GET /api/v1/audit", "listAuditRecords", "A page of the audit log")
            .answers(200, Shapes.AuditPage.class)
            .refuses(CONFLICT),
        call("GET /api/v1/audit/checkpoint", "getAuditCheckpoint", "A signed checkpoint as of now")
            .answers(200, Answer.bytes("text/plain"))
            .refuses(CONFLICT, TOKEN_UNAVAILABLE),
        call(
                "GET /api/v1/audit/proof/inclusion",
                "proveAuditRecord",
                "A record with the proof that it is in the tree")
            .answers(200, Shapes.ProvedRecord.class),
        call(
                "GET /api/v1/audit/proof/consistency",
                "proveAuditGrowth",
                "The proof that one tree begins with an earlier one")
            .answers(200, Shapes.GrowthProof.class),
        call(
                "GET /api/v1/audit/image",
                "getImageEvidence",
                "All that the log knows of an image, with proofs")
            .answers(200, Shapes.ImageEvidence.class)
            .refuses(CONFLICT, TOKEN_UNAVAILABLE),
        call("GET /api/v1/audit/export", "exportAudit", "Every record on a line of its own")
            .answers(200, Answer.bytes("application/x-ndjson"))
            .refuses(CONFLICT),
        call("GET /api/v1/reports/{kind}", "getReport", "A report, made when it is asked for")
            .answers(200, Shapes.Report.class)
            .refuses(CONFLICT),
        call("GET /api/v1/webhooks", "listWebhooks", "Receivers, and how they stand"),
        call("POST /api/v1/webhooks", "addWebhook", "Adds a receiver; its secret is seen once")
            .refuses(CONFLICT),
        call("DELETE /api/v1/webhooks/{name}", "removeWebhook", "Removes a receiver"),
        call(
            "POST /api/v1/webhooks/{name}/test",
            "testWebhook",
            "Has something sent that means nothing"));
  }
}
