# The image: one static program, the certificates of public authorities, a user without rights. No shell, nothing to write to.
#
#   docker build --tag qualys-connector .
#   docker build --tag connector-lab --target lab .      # both far ends, simulated, for demos
#
# The same source gives the same image: SOURCE_DATE_EPOCH=0 docker buildx build --output type=image,rewrite-timestamp=true .
# or buildah build --timestamp 0 .

# By digest, for amd64 and arm64; to be raised together with rust-version in Cargo.toml.
ARG RUST_IMAGE=docker.io/library/rust:1.95.0-slim-bookworm@sha256:d7482085ff5b415f84dba5647ae71606650bdef00db7aeb69f4b3d170c3e4082

FROM ${RUST_IMAGE} AS source
WORKDIR /src
# glibc rather than musl: where a resolver refuses the AAAA half of a question, musl fails the whole of it.
ENV RUSTFLAGS="-C target-feature=+crt-static"
COPY . .
# Once for both programs: where they are built at the same time, only one of them may fill the cache.
RUN --mount=type=cache,target=/usr/local/cargo/registry cargo fetch --locked

# Writes into the program what it is made of, for `cargo audit bin` and other scanners. A cache of its own, since it is
# built beside the others.
FROM ${RUST_IMAGE} AS auditable
RUN --mount=type=cache,id=auditable-registry,target=/usr/local/cargo/registry \
    cargo install --locked --root /auditable cargo-auditable@0.7.7

# Dependencies stay built in the cache. Our own files are touched, since their times come from elsewhere: what cargo has
# built of them before must never look newer than they are.
FROM source AS connector-build
COPY --from=auditable /auditable/bin/cargo-auditable /usr/local/bin/
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,id=connector-target,target=/src/target \
    find build.rs src tests \( -name '*.rs' -o -name '*.c' \) -exec touch {} + \
 && cargo auditable build --release --locked --package qualys-connector --target "$(rustc --print host-tuple)" \
 && cp "target/$(rustc --print host-tuple)/release/qualys-connector" /

# The lab is made for demos, tests and measurements: soon built matters more than small.
FROM source AS lab-build
ENV CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,id=lab-target,target=/src/target \
    find build.rs src tests \( -name '*.rs' -o -name '*.c' \) -exec touch {} + \
 && cargo build --release --locked --package connector-lab --target "$(rustc --print host-tuple)" \
 && cp "target/$(rustc --print host-tuple)/release/connector-lab" /

FROM ${RUST_IMAGE} AS files
WORKDIR /files
# The hosts file comes first, so that Kubernetes' hostAliases count.
RUN mkdir -p etc/ssl empty \
 && echo 'nonroot:x:65532:65532:nonroot:/connector:/sbin/nologin' > etc/passwd \
 && echo 'nonroot:x:65532:' > etc/group \
 && echo 'hosts: files dns' > etc/nsswitch.conf

FROM scratch AS lab
COPY --from=files /files/etc /etc
COPY --from=files --chown=65532:65532 /files/empty /tmp
COPY --from=files --chown=65532:65532 /files/empty /lab
COPY --from=lab-build /connector-lab /connector-lab
WORKDIR /lab
USER 65532:65532
ENTRYPOINT ["/connector-lab"]
LABEL org.opencontainers.image.title="connector-lab" \
      org.opencontainers.image.description="Both far ends of qualys-connector, simulated, for demos and tests" \
      org.opencontainers.image.licenses="Apache-2.0"

FROM scratch AS connector
COPY --from=files /files/etc /etc
COPY --from=files /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=connector-build /qualys-connector /qualys-connector
# Where a folder of the Perl connector is mounted; empty, and fine as it is, without one.
WORKDIR /connector
USER 65532:65532
ENTRYPOINT ["/qualys-connector"]
ARG VERSION=0.1.0
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="qualys-connector" \
      org.opencontainers.image.description="Takes vulnerability reports from Qualys to a Cisco Management Center's Host Input" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
