import { databaseFault, outboxBacklog, pingDatabase } from "@trivet/db";
import { defineService } from "@trivet/http";
import { forgetEvents } from "./crons/forget-events.ts";
import { sweepOutbox } from "./crons/sweep-outbox.ts";
import { type Deps, makeDeps } from "./deps.ts";
import { type Env, env } from "./env.ts";
import { onUserCreated } from "./events/on-user-created.ts";
import { onUserDeleted } from "./events/on-user-deleted.ts";
import { countUsers } from "./routes/count-users.ts";
import { deleteBlock } from "./routes/delete-block.ts";
import { deleteFollow } from "./routes/delete-follow.ts";
import { deleteFollower } from "./routes/delete-follower.ts";
import { deleteMute } from "./routes/delete-mute.ts";
import { deleteOwnProfile } from "./routes/delete-own-profile.ts";
import { getBlocks } from "./routes/get-blocks.ts";
import { getFollowRequests } from "./routes/get-follow-requests.ts";
import { getFollowers } from "./routes/get-followers.ts";
import { getFollowing } from "./routes/get-following.ts";
import { getMutes } from "./routes/get-mutes.ts";
import { getOwnProfile } from "./routes/get-own-profile.ts";
import { getPreferences } from "./routes/get-preferences.ts";
import { getProfile } from "./routes/get-profile.ts";
import { getProfileByUsername } from "./routes/get-profile-by-username.ts";
import { getStats } from "./routes/get-stats.ts";
import { postAcceptFollowRequest } from "./routes/post-accept-follow-request.ts";
import { postBlock } from "./routes/post-block.ts";
import { postFollow } from "./routes/post-follow.ts";
import { postMute } from "./routes/post-mute.ts";
import { postRejectFollowRequest } from "./routes/post-reject-follow-request.ts";
import { putOwnProfile } from "./routes/put-own-profile.ts";
import { putPreferences } from "./routes/put-preferences.ts";
import { searchUsers } from "./routes/search-users.ts";
import { serveProfiles } from "./routes/serve-profiles.ts";
import { serveUserCount } from "./routes/serve-user-count.ts";
import { outbox } from "./tables.ts";

export const users = defineService<Env, Deps>({
  name: "users",
  version: "0.1.0",
  summary: "Profiles, preferences, and who follows, blocks and mutes whom.",
  env,
  deps: makeDeps,
  routes: [
    ...[getProfile, getProfileByUsername, searchUsers, getStats, countUsers],
    ...[getOwnProfile, putOwnProfile, deleteOwnProfile, getPreferences, putPreferences],
    ...[postFollow, deleteFollow, getFollowers, getFollowing, deleteFollower],
    ...[getFollowRequests, postAcceptFollowRequest, postRejectFollowRequest],
    ...[postBlock, deleteBlock, getBlocks, postMute, deleteMute, getMutes],
    ...[serveProfiles, serveUserCount],
  ],
  events: [onUserCreated, onUserDeleted],
  crons: { "* * * * *": sweepOutbox, "23 3 * * *": forgetEvents },
  checks: { database: ({ db }) => pingDatabase(db, 2_000) },
  outbox: ({ db }) => outboxBacklog(db, outbox),
  faults: databaseFault,
});
