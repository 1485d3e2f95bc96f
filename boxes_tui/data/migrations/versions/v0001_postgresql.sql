-- The first schema on PostgreSQL, as it was made on the day it was frozen. A schema that has been released is never
-- changed here: what comes later is a migration of its own. Statements are parted by blank lines.

CREATE TABLE dnc_number (
    list_id BIGINT NOT NULL,
    last10 TEXT NOT NULL,
    CONSTRAINT pk_dnc_number PRIMARY KEY (list_id, last10)
);

CREATE INDEX ix_dnc_number_last10 ON dnc_number (last10);

CREATE TABLE search_entry (
    id BIGSERIAL NOT NULL,
    kind TEXT NOT NULL,
    row_id BIGINT NOT NULL,
    customer_id BIGINT,
    vehicle_id BIGINT,
    words TEXT NOT NULL,
    CONSTRAINT pk_search_entry PRIMARY KEY (id),
    CONSTRAINT uq_search_entry_kind_row_id UNIQUE (kind, row_id)
);

CREATE TABLE suppression (
    id BIGSERIAL NOT NULL,
    kind TEXT NOT NULL,
    digest TEXT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_suppression PRIMARY KEY (id),
    CONSTRAINT uq_suppression_digest UNIQUE (digest)
);

CREATE TABLE source (
    id BIGSERIAL NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    CONSTRAINT pk_source PRIMARY KEY (id),
    CONSTRAINT uq_source_name UNIQUE (name)
);

CREATE TABLE missing (
    entity TEXT NOT NULL,
    row_id BIGINT NOT NULL,
    times INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    CONSTRAINT pk_missing PRIMARY KEY (entity, row_id)
);

CREATE TABLE fed (
    entity TEXT NOT NULL,
    row_id BIGINT NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT pk_fed PRIMARY KEY (entity, row_id)
);

CREATE TABLE alias (
    id BIGSERIAL NOT NULL,
    entity TEXT NOT NULL,
    source_id BIGINT,
    source_key TEXT,
    old_id BIGINT NOT NULL,
    row_id BIGINT NOT NULL,
    moved TEXT,
    run_id INTEGER,
    undone_at BIGINT,
    CONSTRAINT pk_alias PRIMARY KEY (id)
);

CREATE INDEX ix_alias_key ON alias (entity, source_id, source_key);

CREATE TABLE line_digest (
    source_id BIGINT NOT NULL,
    entity TEXT NOT NULL,
    digest BIGINT NOT NULL,
    CONSTRAINT pk_line_digest PRIMARY KEY (source_id, entity, digest)
);

CREATE TABLE dms_event (
    id BIGSERIAL NOT NULL,
    at BIGINT NOT NULL,
    run_id INTEGER,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    branch_id BIGINT,
    detail TEXT,
    CONSTRAINT pk_dms_event PRIMARY KEY (id)
);

CREATE INDEX ix_dms_event_subject ON dms_event (subject, subject_id);

CREATE TABLE branch (
    id BIGSERIAL NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    zone TEXT NOT NULL,
    area_code TEXT,
    address TEXT,
    city TEXT,
    phone TEXT,
    email TEXT,
    hours TEXT,
    workshop_hours TEXT,
    active BOOLEAN DEFAULT true NOT NULL,
    CONSTRAINT pk_branch PRIMARY KEY (id),
    CONSTRAINT uq_branch_code UNIQUE (code)
);

CREATE TABLE app_user (
    id BIGSERIAL NOT NULL,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    all_branches BOOLEAN DEFAULT false NOT NULL,
    shift TEXT DEFAULT 'off' NOT NULL,
    shift_since BIGINT,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_app_user PRIMARY KEY (id),
    CONSTRAINT uq_app_user_login UNIQUE (login)
);

CREATE TABLE setting (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT pk_setting PRIMARY KEY (name)
);

CREATE TABLE disposition (
    code TEXT NOT NULL,
    digit TEXT NOT NULL,
    label TEXT NOT NULL,
    contact BOOLEAN NOT NULL,
    productive BOOLEAN NOT NULL,
    closes BOOLEAN NOT NULL,
    retry_minutes INTEGER,
    CONSTRAINT pk_disposition PRIMARY KEY (code),
    CONSTRAINT uq_disposition_digit UNIQUE (digit)
);

CREATE TABLE discard_reason (
    code TEXT NOT NULL,
    key TEXT NOT NULL,
    label TEXT NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    CONSTRAINT pk_discard_reason PRIMARY KEY (code),
    CONSTRAINT uq_discard_reason_key UNIQUE (key)
);

CREATE TABLE audit_seal (
    id BIGSERIAL NOT NULL,
    at BIGINT NOT NULL,
    chain TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT pk_audit_seal PRIMARY KEY (id)
);

CREATE TABLE person_secret (
    customer_id BIGSERIAL NOT NULL,
    secret TEXT NOT NULL,
    CONSTRAINT pk_person_secret PRIMARY KEY (customer_id)
);

CREATE TABLE dirty_month (
    id BIGSERIAL NOT NULL,
    report TEXT NOT NULL,
    month INTEGER NOT NULL,
    branch_id BIGINT NOT NULL,
    CONSTRAINT pk_dirty_month PRIMARY KEY (id)
);

CREATE TABLE rollup (
    report TEXT NOT NULL,
    month INTEGER NOT NULL,
    branch_id BIGINT NOT NULL,
    code TEXT NOT NULL,
    num BIGINT NOT NULL,
    den BIGINT,
    CONSTRAINT pk_rollup PRIMARY KEY (report, month, branch_id, code)
);

CREATE TABLE call (
    id BIGSERIAL NOT NULL,
    act_id BIGINT,
    at BIGINT NOT NULL,
    day INTEGER NOT NULL,
    opened_at BIGINT,
    user_id BIGINT,
    branch_id BIGINT,
    type TEXT NOT NULL,
    purpose TEXT NOT NULL,
    subject TEXT,
    subject_id BIGINT,
    customer_id BIGINT,
    vehicle_id BIGINT,
    phone_id BIGINT,
    phone TEXT,
    code TEXT NOT NULL,
    contact BOOLEAN NOT NULL,
    productive BOOLEAN NOT NULL,
    closes BOOLEAN NOT NULL,
    note TEXT,
    reason TEXT,
    score SMALLINT,
    incident_note TEXT,
    callback_at BIGINT,
    callback_user_id BIGINT,
    retry_at BIGINT,
    outside_rules TEXT,
    imported BOOLEAN DEFAULT false NOT NULL,
    annulled_at BIGINT,
    CONSTRAINT pk_call PRIMARY KEY (id),
    CONSTRAINT fk_call_user_id FOREIGN KEY(user_id) REFERENCES app_user (id),
    CONSTRAINT fk_call_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id),
    CONSTRAINT fk_call_callback_user_id FOREIGN KEY(callback_user_id) REFERENCES app_user (id)
);

CREATE INDEX ix_call_act_id ON call (act_id);

CREATE INDEX ix_call_user_day ON call (user_id, day);

CREATE INDEX ix_call_customer_id ON call (customer_id);

CREATE INDEX ix_call_day ON call (day, branch_id);

CREATE INDEX ix_call_subject ON call (subject, subject_id);

CREATE TABLE opportunity (
    id BIGSERIAL NOT NULL,
    branch_id BIGINT NOT NULL,
    customer_id BIGINT,
    vehicle_id BIGINT,
    origin TEXT NOT NULL,
    origin_subject TEXT,
    origin_id BIGINT,
    campaign_id BIGINT,
    state TEXT NOT NULL,
    due_day INTEGER NOT NULL,
    due_minute SMALLINT,
    about TEXT NOT NULL,
    assigned_user_id BIGINT,
    created_at BIGINT NOT NULL,
    created_day INTEGER NOT NULL,
    created_by BIGINT,
    state_at BIGINT,
    state_day INTEGER,
    state_by BIGINT,
    reason TEXT,
    reason_text TEXT,
    reschedules SMALLINT DEFAULT 0 NOT NULL,
    contacted_at BIGINT,
    sold_for BIGINT,
    sold_call_id BIGINT,
    appointment_id BIGINT,
    match TEXT,
    match_reads SMALLINT DEFAULT 0 NOT NULL,
    show_order_id BIGINT,
    flag TEXT,
    imported BOOLEAN DEFAULT false NOT NULL,
    attempts SMALLINT DEFAULT 0 NOT NULL,
    attempt_days SMALLINT DEFAULT 0 NOT NULL,
    last_call_id BIGINT,
    last_call_at BIGINT,
    last_call_day INTEGER,
    last_code TEXT,
    last_user_id BIGINT,
    next_at BIGINT,
    next_kind TEXT,
    next_user_id BIGINT,
    unreachable_at BIGINT,
    CONSTRAINT pk_opportunity PRIMARY KEY (id),
    CONSTRAINT fk_opportunity_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id),
    CONSTRAINT fk_opportunity_assigned_user_id FOREIGN KEY(assigned_user_id) REFERENCES app_user (id),
    CONSTRAINT fk_opportunity_created_by FOREIGN KEY(created_by) REFERENCES app_user (id),
    CONSTRAINT fk_opportunity_state_by FOREIGN KEY(state_by) REFERENCES app_user (id)
);

CREATE INDEX ix_opportunity_customer_id ON opportunity (customer_id);

CREATE INDEX ix_opportunity_vehicle_id ON opportunity (vehicle_id);

CREATE INDEX ix_opportunity_due ON opportunity (due_day, branch_id);

CREATE UNIQUE INDEX uq_opportunity_open_vehicle_origin ON opportunity (vehicle_id, origin) WHERE state = 'open' AND vehicle_id IS NOT NULL;

CREATE INDEX ix_opportunity_campaign_id ON opportunity (campaign_id);

CREATE INDEX ix_opportunity_open ON opportunity (due_day, branch_id) WHERE state = 'open';

CREATE INDEX ix_opportunity_appointment_id ON opportunity (appointment_id);

CREATE TABLE claim (
    id BIGSERIAL NOT NULL,
    person TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    branch_id BIGINT,
    subject TEXT,
    subject_id BIGINT,
    customer_id BIGINT,
    vehicle_id BIGINT,
    session TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CONSTRAINT pk_claim PRIMARY KEY (id),
    CONSTRAINT uq_claim_person UNIQUE (person),
    CONSTRAINT fk_claim_user_id FOREIGN KEY(user_id) REFERENCES app_user (id),
    CONSTRAINT fk_claim_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id)
);

CREATE INDEX ix_claim_customer_id ON claim (customer_id);

CREATE INDEX ix_claim_user_id ON claim (user_id);

CREATE TABLE claim_log (
    id BIGSERIAL NOT NULL,
    person TEXT NOT NULL,
    user_id BIGINT,
    branch_id BIGINT,
    subject TEXT,
    subject_id BIGINT,
    day INTEGER NOT NULL,
    ended TEXT NOT NULL,
    CONSTRAINT pk_claim_log PRIMARY KEY (id),
    CONSTRAINT fk_claim_log_user_id FOREIGN KEY(user_id) REFERENCES app_user (id),
    CONSTRAINT fk_claim_log_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id)
);

CREATE TABLE complaint (
    id BIGSERIAL NOT NULL,
    call_id BIGINT,
    branch_id BIGINT,
    customer_id BIGINT,
    vehicle_id BIGINT,
    order_id BIGINT,
    opened_at BIGINT NOT NULL,
    opened_day INTEGER NOT NULL,
    due_at BIGINT NOT NULL,
    score SMALLINT,
    text TEXT,
    attempts SMALLINT DEFAULT 0 NOT NULL,
    attempt_days SMALLINT DEFAULT 0 NOT NULL,
    last_call_id BIGINT,
    last_call_at BIGINT,
    last_call_day INTEGER,
    last_code TEXT,
    last_user_id BIGINT,
    next_at BIGINT,
    next_kind TEXT,
    next_user_id BIGINT,
    unreachable_at BIGINT,
    closed_at BIGINT,
    closed_by BIGINT,
    owner_call_id BIGINT,
    annulled_at BIGINT,
    CONSTRAINT pk_complaint PRIMARY KEY (id),
    CONSTRAINT fk_complaint_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id),
    CONSTRAINT fk_complaint_closed_by FOREIGN KEY(closed_by) REFERENCES app_user (id)
);

CREATE INDEX ix_complaint_open ON complaint (due_at) WHERE closed_at IS NULL;

CREATE TABLE block (
    id BIGSERIAL NOT NULL,
    customer_id BIGINT,
    last10 TEXT,
    doc_digits TEXT,
    scope TEXT NOT NULL,
    at BIGINT NOT NULL,
    user_id BIGINT,
    how TEXT,
    call_id BIGINT,
    lifted_at BIGINT,
    CONSTRAINT pk_block PRIMARY KEY (id),
    CONSTRAINT fk_block_user_id FOREIGN KEY(user_id) REFERENCES app_user (id)
);

CREATE INDEX ix_block_doc_digits ON block (doc_digits);

CREATE INDEX ix_block_customer_id ON block (customer_id);

CREATE INDEX ix_block_last10 ON block (last10);

CREATE TABLE dnc_list (
    id BIGSERIAL NOT NULL,
    name TEXT NOT NULL,
    as_of INTEGER NOT NULL,
    imported_at BIGINT NOT NULL,
    imported_by BIGINT,
    digest TEXT NOT NULL,
    total INTEGER NOT NULL,
    current BOOLEAN DEFAULT true NOT NULL,
    CONSTRAINT pk_dnc_list PRIMARY KEY (id),
    CONSTRAINT fk_dnc_list_imported_by FOREIGN KEY(imported_by) REFERENCES app_user (id)
);

CREATE TABLE gate_override (
    id BIGSERIAL NOT NULL,
    customer_id BIGINT,
    branch_id BIGINT,
    user_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    reason TEXT NOT NULL,
    lifted_at BIGINT,
    CONSTRAINT pk_gate_override PRIMARY KEY (id),
    CONSTRAINT fk_gate_override_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id),
    CONSTRAINT fk_gate_override_user_id FOREIGN KEY(user_id) REFERENCES app_user (id)
);

CREATE TABLE campaign (
    id BIGSERIAL NOT NULL,
    branch_id BIGINT,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_day INTEGER NOT NULL,
    created_by BIGINT,
    script TEXT,
    due_day INTEGER,
    per_day INTEGER,
    agents TEXT,
    segment TEXT,
    operation_codes TEXT,
    act_id BIGINT,
    undone_at BIGINT,
    closed_at BIGINT,
    CONSTRAINT pk_campaign PRIMARY KEY (id),
    CONSTRAINT fk_campaign_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id),
    CONSTRAINT fk_campaign_created_by FOREIGN KEY(created_by) REFERENCES app_user (id)
);

CREATE TABLE customer (
    id BIGSERIAL NOT NULL,
    source_id BIGINT,
    source_key TEXT,
    row_hash BIGINT,
    source_updated_at BIGINT,
    first_seen_run INTEGER,
    last_changed_run INTEGER,
    gone_at BIGINT,
    is_stub BOOLEAN DEFAULT false NOT NULL,
    kind TEXT,
    display_name TEXT,
    given_name TEXT,
    family_name TEXT,
    company_name TEXT,
    doc_type TEXT,
    doc_number TEXT,
    doc_digits TEXT,
    email TEXT,
    address TEXT,
    city TEXT,
    province TEXT,
    postal_code TEXT,
    birth_date INTEGER,
    language TEXT,
    contact_consent BOOLEAN,
    merged_into_key TEXT,
    active BOOLEAN,
    feed_key TEXT,
    person_id BIGINT,
    merged_into_id BIGINT,
    name_fold TEXT,
    without_phone_at BIGINT,
    wa_opt_in_at BIGINT,
    wa_opt_in_source TEXT,
    blocked_review BOOLEAN DEFAULT false NOT NULL,
    erased_at BIGINT,
    CONSTRAINT pk_customer PRIMARY KEY (id),
    CONSTRAINT uq_customer_source_id_source_key UNIQUE (source_id, source_key),
    CONSTRAINT fk_customer_source_id FOREIGN KEY(source_id) REFERENCES source (id)
);

CREATE INDEX ix_customer_person_id ON customer (person_id);

CREATE UNIQUE INDEX ix_customer_feed_key ON customer (source_id, feed_key);

CREATE INDEX ix_customer_doc_digits ON customer (doc_digits);

CREATE TABLE outbox (
    id BIGSERIAL NOT NULL,
    act_id BIGINT,
    branch_id BIGINT,
    kind TEXT NOT NULL,
    appointment_id BIGINT,
    customer_id BIGINT,
    for_start BIGINT,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body_text TEXT NOT NULL,
    body_html TEXT,
    ics TEXT,
    template TEXT,
    sequence SMALLINT DEFAULT 0 NOT NULL,
    message_id TEXT NOT NULL,
    state TEXT NOT NULL,
    tries SMALLINT DEFAULT 0 NOT NULL,
    unknowns SMALLINT DEFAULT 0 NOT NULL,
    next_at BIGINT,
    lease_until BIGINT,
    error TEXT,
    created_at BIGINT NOT NULL,
    created_by BIGINT,
    sent_at BIGINT,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT fk_outbox_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id),
    CONSTRAINT uq_outbox_message_id UNIQUE (message_id),
    CONSTRAINT fk_outbox_created_by FOREIGN KEY(created_by) REFERENCES app_user (id)
);

CREATE INDEX ix_outbox_appointment_id ON outbox (appointment_id);

CREATE INDEX ix_outbox_due ON outbox (state, next_at);

CREATE TABLE contact_log (
    id BIGSERIAL NOT NULL,
    act_id BIGINT,
    at BIGINT NOT NULL,
    day INTEGER NOT NULL,
    channel TEXT NOT NULL,
    user_id BIGINT,
    branch_id BIGINT,
    subject TEXT,
    subject_id BIGINT,
    customer_id BIGINT,
    phone_last4 TEXT,
    template TEXT,
    detail TEXT,
    annulled_at BIGINT,
    CONSTRAINT pk_contact_log PRIMARY KEY (id),
    CONSTRAINT fk_contact_log_user_id FOREIGN KEY(user_id) REFERENCES app_user (id),
    CONSTRAINT fk_contact_log_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id)
);

CREATE INDEX ix_contact_log_customer_id ON contact_log (customer_id);

CREATE TABLE subject_request (
    id BIGSERIAL NOT NULL,
    kind TEXT NOT NULL,
    customer_id BIGINT,
    requested_at BIGINT NOT NULL,
    due_day INTEGER NOT NULL,
    done_at BIGINT,
    user_id BIGINT,
    detail TEXT,
    CONSTRAINT pk_subject_request PRIMARY KEY (id),
    CONSTRAINT fk_subject_request_user_id FOREIGN KEY(user_id) REFERENCES app_user (id)
);

CREATE TABLE sync_run (
    id SERIAL NOT NULL,
    source_id BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    business_day INTEGER,
    finished_at BIGINT,
    status TEXT NOT NULL,
    exit INTEGER,
    holder TEXT,
    beat_at BIGINT,
    token INTEGER NOT NULL,
    message TEXT,
    CONSTRAINT pk_sync_run PRIMARY KEY (id),
    CONSTRAINT fk_sync_run_source_id FOREIGN KEY(source_id) REFERENCES source (id)
);

CREATE INDEX ix_sync_run_source_id ON sync_run (source_id);

CREATE TABLE sync_read (
    id BIGSERIAL NOT NULL,
    run_id INTEGER NOT NULL,
    source_id BIGINT NOT NULL,
    entity TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    mapping_digest TEXT NOT NULL,
    complete BOOLEAN NOT NULL,
    counts TEXT NOT NULL,
    window_from INTEGER,
    window_to INTEGER,
    day INTEGER,
    CONSTRAINT pk_sync_read PRIMARY KEY (id),
    CONSTRAINT fk_sync_read_source_id FOREIGN KEY(source_id) REFERENCES source (id)
);

CREATE INDEX ix_sync_read_run_id ON sync_read (run_id);

CREATE INDEX ix_sync_read_digest ON sync_read (source_id, entity, digest);

CREATE TABLE sync_cursor (
    source_id BIGINT NOT NULL,
    entity TEXT NOT NULL,
    cursor TEXT,
    loaded BOOLEAN DEFAULT false NOT NULL,
    first_run INTEGER,
    last_complete_rows INTEGER,
    read_at BIGINT,
    window_read_day INTEGER,
    CONSTRAINT pk_sync_cursor PRIMARY KEY (source_id, entity),
    CONSTRAINT fk_sync_cursor_source_id FOREIGN KEY(source_id) REFERENCES source (id)
);

CREATE TABLE move_pending (
    id BIGSERIAL NOT NULL,
    source_id BIGINT NOT NULL,
    run_id INTEGER NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    day INTEGER NOT NULL,
    CONSTRAINT pk_move_pending PRIMARY KEY (id),
    CONSTRAINT uq_move_pending_source_id_path_sha256 UNIQUE (source_id, path, sha256),
    CONSTRAINT fk_move_pending_source_id FOREIGN KEY(source_id) REFERENCES source (id)
);

CREATE TABLE reject (
    id BIGSERIAL NOT NULL,
    source_id BIGINT NOT NULL,
    entity TEXT NOT NULL,
    file TEXT NOT NULL,
    line INTEGER NOT NULL,
    code TEXT NOT NULL,
    field TEXT,
    reason TEXT NOT NULL,
    raw TEXT NOT NULL,
    row_key TEXT,
    digest TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    last_run INTEGER NOT NULL,
    times INTEGER NOT NULL,
    closed_at BIGINT,
    CONSTRAINT pk_reject PRIMARY KEY (id),
    CONSTRAINT uq_reject_source_id_entity_digest UNIQUE (source_id, entity, digest),
    CONSTRAINT fk_reject_source_id FOREIGN KEY(source_id) REFERENCES source (id)
);

CREATE INDEX ix_reject_open ON reject (source_id, entity, closed_at);

CREATE TABLE holiday (
    id BIGSERIAL NOT NULL,
    branch_id BIGINT,
    day INTEGER NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT pk_holiday PRIMARY KEY (id),
    CONSTRAINT fk_holiday_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id)
);

CREATE TABLE user_branch (
    user_id BIGINT NOT NULL,
    branch_id BIGINT NOT NULL,
    CONSTRAINT pk_user_branch PRIMARY KEY (user_id, branch_id),
    CONSTRAINT fk_user_branch_user_id FOREIGN KEY(user_id) REFERENCES app_user (id),
    CONSTRAINT fk_user_branch_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id)
);

CREATE TABLE shift_log (
    id BIGSERIAL NOT NULL,
    user_id BIGINT NOT NULL,
    shift TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    CONSTRAINT pk_shift_log PRIMARY KEY (id),
    CONSTRAINT fk_shift_log_user_id FOREIGN KEY(user_id) REFERENCES app_user (id)
);

CREATE INDEX ix_shift_log_user_id ON shift_log (user_id);

CREATE TABLE ssh_key (
    id BIGSERIAL NOT NULL,
    user_id BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    public_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    CONSTRAINT pk_ssh_key PRIMARY KEY (id),
    CONSTRAINT fk_ssh_key_user_id FOREIGN KEY(user_id) REFERENCES app_user (id),
    CONSTRAINT uq_ssh_key_fingerprint UNIQUE (fingerprint)
);

CREATE TABLE act (
    id BIGSERIAL NOT NULL,
    key TEXT,
    args_digest TEXT,
    verb TEXT NOT NULL,
    subject TEXT,
    subject_id BIGINT,
    row_ref TEXT,
    user_id BIGINT,
    branch_id BIGINT,
    customer_id BIGINT,
    at BIGINT NOT NULL,
    day INTEGER NOT NULL,
    title TEXT,
    result TEXT,
    images TEXT,
    undoable BOOLEAN NOT NULL,
    undo_of BIGINT,
    undone_by BIGINT,
    CONSTRAINT pk_act PRIMARY KEY (id),
    CONSTRAINT uq_act_key UNIQUE (key),
    CONSTRAINT fk_act_user_id FOREIGN KEY(user_id) REFERENCES app_user (id),
    CONSTRAINT fk_act_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id),
    CONSTRAINT fk_act_undo_of FOREIGN KEY(undo_of) REFERENCES act (id)
);

CREATE INDEX ix_act_subject ON act (subject, subject_id);

CREATE INDEX ix_act_user_day ON act (user_id, day);

CREATE TABLE audit (
    id BIGSERIAL NOT NULL,
    chain TEXT NOT NULL,
    seq INTEGER NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL,
    at BIGINT NOT NULL,
    user_id BIGINT,
    branch_id BIGINT,
    verb TEXT NOT NULL,
    subject TEXT,
    subject_id BIGINT,
    act_id BIGINT,
    detail TEXT,
    CONSTRAINT pk_audit PRIMARY KEY (id),
    CONSTRAINT uq_audit_chain_seq UNIQUE (chain, seq),
    CONSTRAINT fk_audit_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id)
);

CREATE TABLE saved_view (
    id BIGSERIAL NOT NULL,
    user_id BIGINT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT pk_saved_view PRIMARY KEY (id),
    CONSTRAINT uq_saved_view_user_id_kind_name UNIQUE (user_id, kind, name),
    CONSTRAINT fk_saved_view_user_id FOREIGN KEY(user_id) REFERENCES app_user (id)
);

CREATE TABLE note (
    id BIGSERIAL NOT NULL,
    at BIGINT NOT NULL,
    user_id BIGINT,
    branch_id BIGINT,
    subject TEXT,
    subject_id BIGINT,
    customer_id BIGINT,
    vehicle_id BIGINT,
    text TEXT NOT NULL,
    kind SMALLINT DEFAULT '0' NOT NULL,
    annulled_at BIGINT,
    CONSTRAINT pk_note PRIMARY KEY (id),
    CONSTRAINT fk_note_user_id FOREIGN KEY(user_id) REFERENCES app_user (id),
    CONSTRAINT fk_note_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id)
);

CREATE INDEX ix_note_customer_id ON note (customer_id);

CREATE TABLE campaign_unit (
    id BIGSERIAL NOT NULL,
    campaign_id BIGINT NOT NULL,
    branch_id BIGINT,
    vehicle_id BIGINT NOT NULL,
    customer_id BIGINT,
    opportunity_id BIGINT,
    state TEXT NOT NULL,
    joined BOOLEAN DEFAULT false NOT NULL,
    match TEXT,
    blocked_why TEXT,
    assigned_at BIGINT,
    assigned_day INTEGER,
    assigned_user_id BIGINT,
    done_at BIGINT,
    done_day INTEGER,
    done_order_id BIGINT,
    CONSTRAINT pk_campaign_unit PRIMARY KEY (id),
    CONSTRAINT uq_campaign_unit_campaign_id_vehicle_id UNIQUE (campaign_id, vehicle_id),
    CONSTRAINT fk_campaign_unit_campaign_id FOREIGN KEY(campaign_id) REFERENCES campaign (id),
    CONSTRAINT fk_campaign_unit_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id),
    CONSTRAINT fk_campaign_unit_assigned_user_id FOREIGN KEY(assigned_user_id) REFERENCES app_user (id)
);

CREATE INDEX ix_campaign_unit_vehicle_id ON campaign_unit (vehicle_id);

CREATE INDEX ix_campaign_unit_opportunity_id ON campaign_unit (opportunity_id);

CREATE TABLE customer_phone (
    id BIGSERIAL NOT NULL,
    customer_id BIGINT NOT NULL,
    raw TEXT NOT NULL,
    e164 TEXT,
    last10 TEXT,
    last10_rev TEXT,
    kind TEXT NOT NULL,
    origin TEXT NOT NULL,
    position SMALLINT NOT NULL,
    present BOOLEAN DEFAULT true NOT NULL,
    confirmed_kind TEXT,
    wrong_at BIGINT,
    wrong_by BIGINT,
    CONSTRAINT pk_customer_phone PRIMARY KEY (id),
    CONSTRAINT fk_customer_phone_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id),
    CONSTRAINT fk_customer_phone_wrong_by FOREIGN KEY(wrong_by) REFERENCES app_user (id)
);

CREATE INDEX ix_customer_phone_last10 ON customer_phone (last10);

CREATE INDEX ix_customer_phone_last10_rev ON customer_phone (last10_rev);

CREATE INDEX ix_customer_phone_customer_id ON customer_phone (customer_id);

CREATE TABLE vehicle (
    id BIGSERIAL NOT NULL,
    source_id BIGINT,
    source_key TEXT,
    row_hash BIGINT,
    source_updated_at BIGINT,
    first_seen_run INTEGER,
    last_changed_run INTEGER,
    gone_at BIGINT,
    is_stub BOOLEAN DEFAULT false NOT NULL,
    vin TEXT,
    chassis TEXT,
    plate TEXT,
    make TEXT,
    model TEXT,
    version TEXT,
    model_year INTEGER,
    color TEXT,
    engine_no TEXT,
    sold_on INTEGER,
    warranty_end INTEGER,
    odometer_km INTEGER,
    owner_key TEXT,
    driver_key TEXT,
    owner_id BIGINT,
    driver_id BIGINT,
    tail_rev TEXT,
    merged_into_id BIGINT,
    last_service_day INTEGER,
    last_km INTEGER,
    last_km_day INTEGER,
    km_per_day_milli INTEGER,
    predicted_due INTEGER,
    relation_ended_at BIGINT,
    relation_ended_owner_id BIGINT,
    CONSTRAINT pk_vehicle PRIMARY KEY (id),
    CONSTRAINT uq_vehicle_source_id_source_key UNIQUE (source_id, source_key),
    CONSTRAINT fk_vehicle_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_vehicle_owner_id FOREIGN KEY(owner_id) REFERENCES customer (id),
    CONSTRAINT fk_vehicle_driver_id FOREIGN KEY(driver_id) REFERENCES customer (id)
);

CREATE INDEX ix_vehicle_vin ON vehicle (vin);

CREATE INDEX ix_vehicle_plate ON vehicle (plate);

CREATE INDEX ix_vehicle_tail_rev ON vehicle (tail_rev);

CREATE INDEX ix_vehicle_model ON vehicle (model, model_year);

CREATE INDEX ix_vehicle_owner_id ON vehicle (owner_id);

CREATE TABLE sync_entity (
    run_id INTEGER NOT NULL,
    entity TEXT NOT NULL,
    mode TEXT,
    counts TEXT NOT NULL,
    guard TEXT,
    message TEXT,
    read_at BIGINT,
    committed BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_sync_entity PRIMARY KEY (run_id, entity),
    CONSTRAINT fk_sync_entity_run_id FOREIGN KEY(run_id) REFERENCES sync_run (id)
);

CREATE TABLE vehicle_owner (
    id BIGSERIAL NOT NULL,
    vehicle_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    since INTEGER,
    until INTEGER,
    CONSTRAINT pk_vehicle_owner PRIMARY KEY (id),
    CONSTRAINT fk_vehicle_owner_vehicle_id FOREIGN KEY(vehicle_id) REFERENCES vehicle (id),
    CONSTRAINT fk_vehicle_owner_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id)
);

CREATE INDEX ix_vehicle_owner_vehicle_id ON vehicle_owner (vehicle_id);

CREATE INDEX ix_vehicle_owner_customer_id ON vehicle_owner (customer_id);

CREATE TABLE sale_delivery (
    id BIGSERIAL NOT NULL,
    source_id BIGINT,
    source_key TEXT,
    row_hash BIGINT,
    source_updated_at BIGINT,
    first_seen_run INTEGER,
    last_changed_run INTEGER,
    gone_at BIGINT,
    is_stub BOOLEAN DEFAULT false NOT NULL,
    vehicle_key TEXT,
    vin TEXT,
    chassis TEXT,
    plate TEXT,
    vehicle_id BIGINT,
    customer_key TEXT,
    customer_id BIGINT,
    buyer_name TEXT,
    sold_on INTEGER,
    delivered_at BIGINT,
    delivered_at_precision TEXT,
    condition TEXT,
    salesperson TEXT,
    branch TEXT,
    branch_id BIGINT,
    status TEXT,
    status_raw TEXT,
    delivered_day INTEGER,
    attempts SMALLINT DEFAULT 0 NOT NULL,
    attempt_days SMALLINT DEFAULT 0 NOT NULL,
    last_call_id BIGINT,
    last_call_at BIGINT,
    last_call_day INTEGER,
    last_code TEXT,
    last_user_id BIGINT,
    next_at BIGINT,
    next_kind TEXT,
    next_user_id BIGINT,
    unreachable_at BIGINT,
    welcome_call_id BIGINT,
    CONSTRAINT pk_sale_delivery PRIMARY KEY (id),
    CONSTRAINT uq_sale_delivery_source_id_source_key UNIQUE (source_id, source_key),
    CONSTRAINT fk_sale_delivery_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_sale_delivery_vehicle_id FOREIGN KEY(vehicle_id) REFERENCES vehicle (id),
    CONSTRAINT fk_sale_delivery_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id),
    CONSTRAINT fk_sale_delivery_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id)
);

CREATE INDEX ix_sale_delivery_customer_id ON sale_delivery (customer_id);

CREATE INDEX ix_sale_delivery_day ON sale_delivery (delivered_day, branch_id);

CREATE INDEX ix_sale_delivery_vehicle_id ON sale_delivery (vehicle_id);

CREATE TABLE appointment (
    id BIGSERIAL NOT NULL,
    source_id BIGINT,
    source_key TEXT,
    row_hash BIGINT,
    source_updated_at BIGINT,
    first_seen_run INTEGER,
    last_changed_run INTEGER,
    gone_at BIGINT,
    is_stub BOOLEAN DEFAULT false NOT NULL,
    vehicle_key TEXT,
    vin TEXT,
    chassis TEXT,
    plate TEXT,
    vehicle_id BIGINT,
    customer_key TEXT,
    customer_id BIGINT,
    contact_name TEXT,
    contact_phone TEXT,
    vehicle_text TEXT,
    starts_at BIGINT,
    starts_at_precision TEXT,
    duration_min INTEGER,
    booked_at BIGINT,
    booked_at_precision TEXT,
    advisor TEXT,
    branch TEXT,
    branch_id BIGINT,
    status TEXT,
    status_raw TEXT,
    services TEXT,
    notes TEXT,
    dms_arrived_at BIGINT,
    dms_arrived_at_precision TEXT,
    repair_order_key TEXT,
    rescheduled_from_key TEXT,
    start_day INTEGER,
    contact_e164 TEXT,
    contact_last10 TEXT,
    contact_kind TEXT,
    arrived_at BIGINT,
    arrival_basis TEXT,
    arrival_order_id BIGINT,
    vanished_at BIGINT,
    moved_at BIGINT,
    moved_from BIGINT,
    previous_id BIGINT,
    cancelled_seen_at BIGINT,
    attempts SMALLINT DEFAULT 0 NOT NULL,
    attempt_days SMALLINT DEFAULT 0 NOT NULL,
    last_call_id BIGINT,
    last_call_at BIGINT,
    last_call_day INTEGER,
    last_code TEXT,
    last_user_id BIGINT,
    next_at BIGINT,
    next_kind TEXT,
    next_user_id BIGINT,
    unreachable_at BIGINT,
    confirmed_at BIGINT,
    confirmed_by BIGINT,
    confirmed_start BIGINT,
    comment TEXT,
    rebooked_id BIGINT,
    follow_call_id BIGINT,
    reminder_state TEXT,
    reminder_at BIGINT,
    invite_sequence SMALLINT DEFAULT 0 NOT NULL,
    CONSTRAINT pk_appointment PRIMARY KEY (id),
    CONSTRAINT uq_appointment_source_id_source_key UNIQUE (source_id, source_key),
    CONSTRAINT fk_appointment_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_appointment_vehicle_id FOREIGN KEY(vehicle_id) REFERENCES vehicle (id),
    CONSTRAINT fk_appointment_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id),
    CONSTRAINT fk_appointment_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id),
    CONSTRAINT fk_appointment_confirmed_by FOREIGN KEY(confirmed_by) REFERENCES app_user (id)
);

CREATE INDEX ix_appointment_day ON appointment (start_day, branch_id);

CREATE INDEX ix_appointment_customer_id ON appointment (customer_id);

CREATE INDEX ix_appointment_vehicle_id ON appointment (vehicle_id, start_day);

CREATE TABLE repair_order (
    id BIGSERIAL NOT NULL,
    source_id BIGINT,
    source_key TEXT,
    row_hash BIGINT,
    source_updated_at BIGINT,
    first_seen_run INTEGER,
    last_changed_run INTEGER,
    gone_at BIGINT,
    is_stub BOOLEAN DEFAULT false NOT NULL,
    vehicle_key TEXT,
    vin TEXT,
    chassis TEXT,
    plate TEXT,
    vehicle_id BIGINT,
    number TEXT,
    appointment_key TEXT,
    customer_key TEXT,
    customer_id BIGINT,
    opened_at BIGINT,
    opened_at_precision TEXT,
    promised_at BIGINT,
    promised_at_precision TEXT,
    completed_at BIGINT,
    completed_at_precision TEXT,
    invoiced_at BIGINT,
    invoiced_at_precision TEXT,
    closed_at BIGINT,
    closed_at_precision TEXT,
    picked_up_at BIGINT,
    picked_up_at_precision TEXT,
    delivered_at BIGINT,
    delivered_at_precision TEXT,
    status TEXT,
    status_raw TEXT,
    odometer_in INTEGER,
    odometer_out INTEGER,
    order_type TEXT,
    pay_type TEXT,
    advisor TEXT,
    branch TEXT,
    branch_id BIGINT,
    result TEXT,
    total BIGINT,
    currency TEXT,
    notes TEXT,
    opened_day INTEGER,
    appointment_id BIGINT,
    handover_at BIGINT,
    handover_day INTEGER,
    delivery_basis TEXT,
    first_delivered_day INTEGER,
    reopened_at BIGINT,
    attempts SMALLINT DEFAULT 0 NOT NULL,
    attempt_days SMALLINT DEFAULT 0 NOT NULL,
    last_call_id BIGINT,
    last_call_at BIGINT,
    last_call_day INTEGER,
    last_code TEXT,
    last_user_id BIGINT,
    next_at BIGINT,
    next_kind TEXT,
    next_user_id BIGINT,
    unreachable_at BIGINT,
    manual_delivered_at BIGINT,
    manual_delivered_by BIGINT,
    manual_marked_at BIGINT,
    manual_review TEXT,
    courtesy_call_id BIGINT,
    CONSTRAINT pk_repair_order PRIMARY KEY (id),
    CONSTRAINT uq_repair_order_source_id_source_key UNIQUE (source_id, source_key),
    CONSTRAINT fk_repair_order_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_repair_order_vehicle_id FOREIGN KEY(vehicle_id) REFERENCES vehicle (id),
    CONSTRAINT fk_repair_order_customer_id FOREIGN KEY(customer_id) REFERENCES customer (id),
    CONSTRAINT fk_repair_order_branch_id FOREIGN KEY(branch_id) REFERENCES branch (id),
    CONSTRAINT fk_repair_order_manual_delivered_by FOREIGN KEY(manual_delivered_by) REFERENCES app_user (id)
);

CREATE INDEX ix_repair_order_open ON repair_order (branch_id, opened_day) WHERE handover_at IS NULL;

CREATE INDEX ix_repair_order_vehicle_id ON repair_order (vehicle_id, opened_day);

CREATE INDEX ix_repair_order_customer_id ON repair_order (customer_id);

CREATE INDEX ix_repair_order_handover ON repair_order (handover_day, branch_id);

CREATE INDEX ix_repair_order_opened ON repair_order (opened_day, branch_id);

CREATE TABLE repair_order_line (
    id BIGSERIAL NOT NULL,
    source_id BIGINT,
    source_key TEXT,
    row_hash BIGINT,
    source_updated_at BIGINT,
    first_seen_run INTEGER,
    last_changed_run INTEGER,
    gone_at BIGINT,
    is_stub BOOLEAN DEFAULT false NOT NULL,
    repair_order_key TEXT,
    order_id BIGINT,
    line_no INTEGER,
    kind TEXT,
    code TEXT,
    description TEXT,
    quantity BIGINT,
    hours BIGINT,
    amount BIGINT,
    pay_type TEXT,
    technician TEXT,
    status TEXT,
    CONSTRAINT pk_repair_order_line PRIMARY KEY (id),
    CONSTRAINT uq_repair_order_line_source_id_source_key UNIQUE (source_id, source_key),
    CONSTRAINT fk_repair_order_line_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_repair_order_line_order_id FOREIGN KEY(order_id) REFERENCES repair_order (id)
);

CREATE INDEX ix_repair_order_line_order_id ON repair_order_line (order_id);

CREATE TABLE incident (
    id BIGSERIAL NOT NULL,
    source_id BIGINT,
    source_key TEXT,
    row_hash BIGINT,
    source_updated_at BIGINT,
    first_seen_run INTEGER,
    last_changed_run INTEGER,
    gone_at BIGINT,
    is_stub BOOLEAN DEFAULT false NOT NULL,
    repair_order_key TEXT,
    order_id BIGINT,
    seq INTEGER,
    kind TEXT,
    text TEXT,
    code TEXT,
    occurred_at BIGINT,
    occurred_at_precision TEXT,
    severity TEXT,
    CONSTRAINT pk_incident PRIMARY KEY (id),
    CONSTRAINT uq_incident_source_id_source_key UNIQUE (source_id, source_key),
    CONSTRAINT fk_incident_source_id FOREIGN KEY(source_id) REFERENCES source (id),
    CONSTRAINT fk_incident_order_id FOREIGN KEY(order_id) REFERENCES repair_order (id)
);

CREATE INDEX ix_incident_order_id ON incident (order_id);

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE INDEX ix_search_entry_words ON search_entry USING gin (words gin_trgm_ops);

CREATE INDEX ix_customer_phone_last10_rev_like ON customer_phone (last10_rev text_pattern_ops);

CREATE INDEX ix_vehicle_tail_rev_like ON vehicle (tail_rev text_pattern_ops);

CREATE INDEX ix_vehicle_plate_like ON vehicle (plate text_pattern_ops);

CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit only grows' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows();

CREATE TRIGGER audit_seal_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows();

ALTER TABLE sale_delivery ENABLE ROW LEVEL SECURITY;

ALTER TABLE sale_delivery FORCE ROW LEVEL SECURITY;

CREATE POLICY branch_scope ON sale_delivery USING (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
) WITH CHECK (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
);

ALTER TABLE appointment ENABLE ROW LEVEL SECURITY;

ALTER TABLE appointment FORCE ROW LEVEL SECURITY;

CREATE POLICY branch_scope ON appointment USING (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
) WITH CHECK (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
);

ALTER TABLE repair_order ENABLE ROW LEVEL SECURITY;

ALTER TABLE repair_order FORCE ROW LEVEL SECURITY;

CREATE POLICY branch_scope ON repair_order USING (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
) WITH CHECK (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
);

ALTER TABLE call ENABLE ROW LEVEL SECURITY;

ALTER TABLE call FORCE ROW LEVEL SECURITY;

CREATE POLICY branch_scope ON call USING (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
) WITH CHECK (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
);

ALTER TABLE opportunity ENABLE ROW LEVEL SECURITY;

ALTER TABLE opportunity FORCE ROW LEVEL SECURITY;

CREATE POLICY branch_scope ON opportunity USING (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
) WITH CHECK (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
);

ALTER TABLE campaign_unit ENABLE ROW LEVEL SECURITY;

ALTER TABLE campaign_unit FORCE ROW LEVEL SECURITY;

CREATE POLICY branch_scope ON campaign_unit USING (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
) WITH CHECK (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
);

ALTER TABLE audit ENABLE ROW LEVEL SECURITY;

ALTER TABLE audit FORCE ROW LEVEL SECURITY;

CREATE POLICY branch_scope ON audit USING (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
) WITH CHECK (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
);

ALTER TABLE note ENABLE ROW LEVEL SECURITY;

ALTER TABLE note FORCE ROW LEVEL SECURITY;

CREATE POLICY branch_scope ON note USING (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
) WITH CHECK (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
);

ALTER TABLE complaint ENABLE ROW LEVEL SECURITY;

ALTER TABLE complaint FORCE ROW LEVEL SECURITY;

CREATE POLICY branch_scope ON complaint USING (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
) WITH CHECK (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
);

ALTER TABLE act ENABLE ROW LEVEL SECURITY;

ALTER TABLE act FORCE ROW LEVEL SECURITY;

CREATE POLICY branch_scope ON act USING (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
) WITH CHECK (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
);

ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;

ALTER TABLE outbox FORCE ROW LEVEL SECURITY;

CREATE POLICY branch_scope ON outbox USING (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
) WITH CHECK (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
);

ALTER TABLE contact_log ENABLE ROW LEVEL SECURITY;

ALTER TABLE contact_log FORCE ROW LEVEL SECURITY;

CREATE POLICY branch_scope ON contact_log USING (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
) WITH CHECK (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
);

ALTER TABLE dms_event ENABLE ROW LEVEL SECURITY;

ALTER TABLE dms_event FORCE ROW LEVEL SECURITY;

CREATE POLICY branch_scope ON dms_event USING (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
) WITH CHECK (
    branch_id IS NULL OR current_setting('app.branches', true) = '*' OR branch_id = ANY(
        (SELECT string_to_array(nullif(nullif(current_setting('app.branches', true), ''), '*'), ',')::bigint[])::bigint[])
);
