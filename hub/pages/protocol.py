"""Which part of the Hugging Face Hub protocol is answered, and how: the table of the docs page."""

NOT_OFFERED = "Not offered: 501 with a text, which no client repeats."

PROTOCOL = (
    ("Who", (
        ("GET /api/whoami-v2", "Name, organisations, and what the token may: read, write, or fineGrained for a limited one."),
        ("GET /api/users/{name}/overview, /api/organizations/{name}/overview", "Counts of what you may see."),
        ("GET /api/organizations/{name}/members", "For members."),
        ("GET /api/users/{name}/followers, /following", "An empty list: nobody follows anybody here."),
        ("GET /api/users/{name}/likes", "Newest first, of what you may see."),
        ("GET /api/settings/repositories", "What your repos store."),
    )),
    ("Repos", (
        ("POST /api/repos/create", "Private unless asked otherwise. 409 with the address where it is there already."),
        ("DELETE /api/repos/delete", "Models and datasets."),
        ("POST /api/repos/move", "Reads by the old name get 307; writes go on working."),
        ("PUT /api/{T}/{id}/settings", "visibility or private; gated: auto, manual or false."),
        ("GET /api/{T}", "search, author, filter, pipeline_tag, library, language, trained_dataset, gated, num_parameters; every sort; full, config, cardData, expand; pages by Link. apps and inference find nothing, because nothing is served from here. An unknown filter is 400."),
        ("GET /api/{T}/{id}, /revision/{rev}", "blobs, securityStatus, expand. What this hub does not know is left out."),
        ("GET /api/{T}-tags-by-type", "The tags in use, of what you may see."),
        ("GET /api/{T}/{id}/auth-check, /write", "200, or the error that a download or an upload would meet."),
        ("POST, DELETE /api/{T}/{id}/like; GET /likers", "Likes."),
    )),
    ("Gated repos", (
        ("POST /{id}/ask-access", "Asks for the files; an automatic gate opens at once."),
        ("GET /api/{T}/{id}/user-access-request/pending, /accepted, /rejected", "For who administers the repo."),
        ("POST /api/{T}/{id}/user-access-request/handle, /grant", "Decides on a request, or lets somebody in who did not ask."),
    )),
    ("Files and history", (
        ("GET, HEAD /[datasets/]{id}/resolve/{rev}/{path}", "Bytes with ranges, ETag and X-Repo-Commit."),
        ("GET /{id}/raw/{rev}/{path}", "What git holds: for a large file the text of its pointer."),
        ("GET /api/resolve-cache/{T}/{id}/{commit}/{path}", "The same bytes as resolve."),
        ("GET /api/{T}/{id}/tree/{rev}[/{path}], POST /paths-info/{rev}", "Entries, with their last commit on expand."),
        ("GET /api/{T}/{id}/refs, /commits/{rev}", "Branches and tags; commits in pages."),
        ("POST, DELETE /api/{T}/{id}/branch/{name}, /tag/{rev}", "409 where it is there; 403 for the default branch."),
        ("POST /api/{T}/{id}/super-squash/{branch}", "One commit instead of many."),
        ("GET /api/{T}/{id}/safetensors-metadata/{index}", "The headers of all shards."),
    )),
    ("Uploads", (
        ("POST /api/validate-yaml", "What is wrong with a card."),
        ("POST /api/{T}/{id}/preupload/{rev}", "Which files go as LFS, which are ignored, what is there already."),
        ("POST /api/{T}/{id}/commit/{rev}", "Lines of JSON: file, lfsFile, copyFile, deletedFile, deletedFolder."),
        ("POST /{id}.git/info/lfs/objects/batch, /verify", "Git LFS, basic and in parts."),
        ("GET /api/{T}/{id}/xet-write-token/{rev}", "The way into the Xet gateway, for uploads. Downloads never need Xet."),
        ("GET /api/{T}/{id}/lfs-files, POST /batch, /duplicate", "Lists large files, takes them out of the whole history, lends them to another repo."),
    )),
    ("Not offered", (
        ("/api/{T}/{id}/discussions, create_pr", "501. Commit to a branch instead; nothing ever lands on main by mistake."),
        ("/api/collections, /jobs, /scheduled-jobs, /buckets, /settings/webhooks, /papers, /daily_papers, /kernels", NOT_OFFERED),
        ("/api/spaces", "An empty list. Creating a space is 501, asking for one RepoNotFound, its runtime 501."),
    )),
)  # fmt: skip
