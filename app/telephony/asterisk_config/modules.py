"""modules.conf: what is loaded. Everything by name: it starts in half a second and nothing else listens.

With `autoload=no` Asterisk does not load what a module depends on; the list does.
"""

from app.telephony.asterisk_config.sections import file, section

BASE = """
    res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject res_crypto res_srtp
    res_http_websocket res_musiconhold res_security_log
"""
SOUND = """
    codec_ulaw codec_alaw codec_a_mu codec_gsm codec_g722 codec_resample
    format_gsm format_pcm format_sln format_wav format_wav_gsm
"""
SIP = """
    res_rtp_asterisk res_pjsip res_pjsip_session res_pjsip_pubsub res_pjsip_authenticator_digest
    res_pjsip_outbound_authenticator_digest res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user
    res_pjsip_caller_id res_pjsip_diversion res_pjsip_dlg_options res_pjsip_dtmf_info res_pjsip_empty_info
    res_pjsip_header_funcs res_pjsip_logger res_pjsip_nat res_pjsip_path res_pjsip_refer res_pjsip_registrar
    res_pjsip_outbound_registration res_pjsip_rfc3326 res_pjsip_sdp_rtp res_pjsip_messaging
    res_pjsip_transport_websocket chan_pjsip
"""
BRIDGES = """
    bridge_builtin_features bridge_builtin_interval_features bridge_holding bridge_native_rtp bridge_simple
    bridge_softmix chan_bridge_media res_rtp_multicast chan_rtp
"""
DIALPLAN = """
    pbx_config app_dial app_playback app_verbose app_echo app_senddtmf app_stack app_stasis app_transfer
    func_callerid func_channel func_global func_hangupcause func_logic func_math func_pjsip_endpoint func_pjsip_aor
    func_pjsip_contact func_strings func_talkdetect func_timeout func_uri func_volume func_jitterbuffer
    func_holdintercept
"""
ARI = """
    res_stasis res_stasis_answer res_stasis_device_state res_stasis_playback res_stasis_recording res_stasis_snoop
    res_websocket_client res_ari res_ari_model res_ari_applications res_ari_asterisk res_ari_bridges res_ari_channels
    res_ari_device_states res_ari_endpoints res_ari_events res_ari_playbacks res_ari_recordings res_ari_sounds
"""
MODULES = tuple(" ".join((BASE, SOUND, SIP, BRIDGES, DIALPLAN, ARI)).split())


def modules() -> str:
    """modules.conf."""
    wanted = "".join(f"load={name}.so\n" for name in MODULES)
    return file("what is loaded, and nothing else", section("modules", ("autoload", "no")) + wanted)
